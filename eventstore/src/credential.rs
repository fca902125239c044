//! Hashes of passwords and tokens. They change only in the transaction of an append.

use domain::StreamName;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::append::{Credential, CredentialChange, CredentialKind};

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// A session or an API token, as `kind` says.
    pub owner: Uuid,
    /// What it is for.
    pub kind: CredentialKind,
    /// Where a session lives.
    pub stream: Option<StreamName>,
}

impl CredentialKind {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Session => "session",
            Self::Token => "token",
        }
    }
}

pub(crate) async fn by_hash(pool: &PgPool, hash: &[u8]) -> Result<Option<CredentialRow>, sqlx::Error> {
    let row = sqlx::query!(
        "select owner, kind, stream from credential where hash = $1 and kind in ('session', 'token')",
        hash,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| CredentialRow {
        owner: row.owner,
        kind: if row.kind == "token" { CredentialKind::Token } else { CredentialKind::Session },
        stream: row.stream.map(StreamName::from),
    }))
}

pub(crate) async fn password_of(pool: &PgPool, owner: Uuid) -> Result<Option<String>, sqlx::Error> {
    let hash =
        sqlx::query_scalar!("select hash from credential where owner = $1 and kind = 'password'", owner)
            .fetch_optional(pool)
            .await?;
    // A password hash is a PHC string; one that is not text matches no password.
    Ok(hash.and_then(|hash| String::from_utf8(hash).ok()))
}

/// Makes the changes of one append, in order, within its transaction.
pub(crate) async fn change(
    connection: &mut PgConnection,
    changes: &[CredentialChange],
) -> Result<(), sqlx::Error> {
    for change in changes {
        match change {
            CredentialChange::Insert(credential) => insert(connection, credential).await?,
            CredentialChange::Replace(credential) => {
                sqlx::query!(
                    "delete from credential where owner = $1 and kind = $2",
                    credential.owner,
                    credential.kind.name(),
                )
                .execute(&mut *connection)
                .await?;
                insert(connection, credential).await?;
            }
            CredentialChange::DeleteOwner(owner) => {
                sqlx::query!("delete from credential where owner = $1", owner)
                    .execute(&mut *connection)
                    .await?;
            }
        }
    }
    Ok(())
}

async fn insert(connection: &mut PgConnection, credential: &Credential) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into credential (owner, kind, hash, stream) values ($1, $2, $3, $4)",
        credential.owner,
        credential.kind.name(),
        &credential.hash,
        credential.stream.as_ref().map(StreamName::as_str),
    )
    .execute(connection)
    .await
    .map(|_| ())
}
