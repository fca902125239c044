//! Where the events about records stand: those of the records themselves by the ledger's own index of what events are about, the
//! changes of them that were refused by a table.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Bearer;
use super::range::Range;

/// The question, in one order. A record that bore several names may be asked for several times.
macro_rules! about_in {
    ($order:literal, $($argument:expr),+) => {
        sqlx::query_scalar!(
            r#"select distinct p.position as "position!" from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as r (id, after, upto)
            cross join lateral (
                (select position from event where subject = r.id and position > r.after and position <= r.upto
                    order by position"# + $order + " limit $4)
                union all
                (select position from audit_refusal where record_id = r.id and position > r.after and position <= r.upto
                    order by position" + $order + " limit $4)) p
            order by p.position" + $order + " limit $4",
            $($argument),+
        )
    };
}

/// The positions in a range of what is about these records, in the order that is asked for, at most `count`; of each record no more
/// are read.
pub(super) async fn about(
    connection: &mut PgConnection,
    records: &[Bearer<Uuid>],
    range: Range,
    count: i64,
    newest_first: bool,
) -> Result<Vec<i64>, sqlx::Error> {
    let within: Vec<(Uuid, Range)> = records
        .iter()
        .map(|record| (record.id, range.within(record.after, record.upto)))
        .filter(|(_, range)| !range.is_empty())
        .collect();
    let ids: Vec<Uuid> = within.iter().map(|(id, _)| *id).collect();
    let after: Vec<i64> = within.iter().map(|(_, range)| range.after).collect();
    let upto: Vec<i64> = within.iter().map(|(_, range)| range.upto).collect();
    if newest_first {
        about_in!(" desc", &ids, &after, &upto, count).fetch_all(connection).await
    } else {
        about_in!("", &ids, &after, &upto, count).fetch_all(connection).await
    }
}
