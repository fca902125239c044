//! What somebody does to the database by hand, past the service.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::office::Office;

impl Office {
    /// A connection as the owner of everything, and the schema in which the current read models lie.
    pub async fn owner(&self) -> (PgConnection, String) {
        let mut owner = PgConnection::connect_with(&self.database.options).await.expect("connect");
        let current =
            sqlx::query_scalar("select schema_name from daybook.generation where state = 'current'")
                .fetch_one(&mut owner)
                .await
                .expect("the current generation");
        (owner, current)
    }

    /// Runs statements on the current read models.
    pub async fn by_hand(&self, sql: &str) {
        let (mut owner, current) = self.owner().await;
        let sql = format!("set search_path = {current}, daybook; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.expect("done by hand");
    }
}
