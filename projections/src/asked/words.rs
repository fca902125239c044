//! Questions about a moment in two texts: "now" from the indexes of what is true now, "then" without reading what was before and after.

/// Asks about a moment: `asked!(Row, moment, fetch_all(pool); "select … where " @"r" " …"; $2, $3, …)`.
///
/// The text is of literals, `$1` is [`Moment::position`](crate::Moment::position); both texts are checked. Words in it:
/// - `@"r"`: the row `r` was true then. Reads every state of what else narrows it down; for tables with few states;
/// - `@range "r"`: the same for tables with an index of the ranges in which their rows were true;
/// - `@from "r" "table" "condition"`: the one row of which this holds; of then, the last one before, if it was still true;
/// - `@join "r" "table" "condition"`, `@left "r" "table" "condition"`: the same, joined;
/// - `@ids "r" "table" "column" "ids"`: the rows of these ids; more conditions may follow;
/// - `@named "r" "plan" "kind" "after"`: the records of a kind in the order of their names. Of then it goes from one that ever bore
///   such a name to the next, and looks what each was; it stops where `limit` does: after it no `order by`, but `@now " order by r.sort"`;
/// - `@called "r" "plan" "kind" "name"`: the record that has this name, as lists are ordered by it;
/// - `@hours "p" "lessons" "periods"`: placements; of then those of these lessons and periods, hour by hour;
/// - `@met "m" "p"`: left joins who meets in the hour `p` of the plan `$2`: in rows of its own, else as its lesson's couplings say, those
///   of its period where it has some. Those that meet are a set that is true together, so of then only the set of then is read;
/// - `@now "…"`, `@then "…"`: in one text only.
macro_rules! asked {
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @range $row:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* "(" $row ".valid_to is null and $1::bigint is null)"]
            [$($then)* "(point(" $row ".valid_from, coalesce(" $row ".valid_to, 'infinity'::float8))
                <@ box(point(0, $1::bigint + 1), point($1::bigint, 'infinity')))"]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @from $row:literal $table:literal $holds:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* "from " $table " " $row " where " $holds " and " $row ".valid_to is null and $1::bigint is null"]
            [$($then)* "from (select " $row ".* from " $table " " $row " where " $holds " and " $row ".valid_from <= $1::bigint
                order by " $row ".valid_from desc limit 1) " $row "
                where (" $row ".valid_to is null or " $row ".valid_to > $1::bigint)"]
            $($rest)*)
    };
    (@ $ask:tt; $now:tt $then:tt @join $row:literal $table:literal $holds:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask; $now $then @joined "" $row $table $holds $($rest)*)
    };
    (@ $ask:tt; $now:tt $then:tt @left $row:literal $table:literal $holds:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask; $now $then @joined " left" $row $table $holds $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @joined $how:literal $row:literal $table:literal $holds:literal
        $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* $how " join " $table " " $row " on " $holds " and " $row ".valid_to is null and $1::bigint is null "]
            [$($then)* $how " join lateral (select " $row ".* from " $table " " $row " where " $holds " and " $row ".valid_from
                <= $1::bigint order by " $row ".valid_from desc limit 1) " $row "
                on (" $row ".valid_to is null or " $row ".valid_to > $1::bigint) "]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @ids $row:literal $table:literal $column:literal $ids:literal
        $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* "from " $table " " $row " where " $row "." $column " = any (" $ids "::uuid[]) and " $row ".valid_to is null
                and $1::bigint is null"]
            [$($then)* "from (select distinct unnest(" $ids "::uuid[]) as id) k
                cross join lateral (select " $row ".* from " $table " " $row " where " $row "." $column " = k.id
                    and " $row ".valid_from <= $1::bigint order by " $row ".valid_from desc limit 1) " $row "
                where (" $row ".valid_to is null or " $row ".valid_to > $1::bigint)"]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @named $row:literal $plan:literal $kind:literal $after:literal
        $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* "from record " $row " where " $row ".plan = " $plan " and " $row ".kind = " $kind " and " $row ".sort > "
                $after " and " $row ".valid_to is null and $1::bigint is null"]
            [$($then)* "from (select r.* from (select distinct n.sort, n.record_id from record n where n.plan = " $plan "
                    and n.kind = " $kind " and n.sort > " $after " and n.named order by n.sort, n.record_id) name
                cross join lateral (select r.* from record r where r.record_id = name.record_id and r.valid_from <= $1::bigint
                    order by r.valid_from desc limit 1) r
                where r.sort = name.sort and (r.valid_to is null or r.valid_to > $1::bigint)) " $row " where true"]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @called $row:literal $plan:literal $kind:literal $name:literal
        $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* "from record " $row " where " $row ".plan = " $plan " and " $row ".kind = " $kind " and " $row ".sort = "
                $name " and " $row ".valid_to is null and $1::bigint is null"]
            [$($then)* "from (select r.* from (select distinct n.record_id from record n where n.plan = " $plan "
                    and n.kind = " $kind " and n.sort = " $name " and n.named) name
                cross join lateral (select r.* from record r where r.record_id = name.record_id and r.valid_from <= $1::bigint
                    order by r.valid_from desc limit 1) r
                where r.sort = " $name " and (r.valid_to is null or r.valid_to > $1::bigint)) " $row " where true"]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @hours $row:literal $lessons:literal $periods:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* " placement " $row " "]
            [$($then)* " (select h.* from unnest(" $lessons ") k (lesson_id) cross join unnest(" $periods ") q (period_id)
                cross join lateral generate_series(1, (select max(h.n) from placement h
                    where h.lesson_id = k.lesson_id and h.period_id = q.period_id)) s (n)
                cross join lateral (select h.* from placement h where h.lesson_id = k.lesson_id and h.period_id = q.period_id
                    and h.n = s.n and h.valid_from <= $1::bigint order by h.valid_from desc limit 1) h
                where h.valid_to is null or h.valid_to > $1::bigint) " $row " "]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @met $row:literal $hour:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* " left join meeting " $row " on " $row ".plan = $2 and " $row ".owner_id = " $hour ".meeting_of
                and " $row ".valid_to is null and $1::bigint is null and " $row ".period_id = case
                    when " $hour ".meeting_of = " $hour ".lesson_id and exists (select from meeting o where o.plan = $2
                        and o.owner_id = " $hour ".lesson_id and o.period_id = " $hour ".period_id
                        and o.valid_to is null and $1::bigint is null) then " $hour ".period_id
                    else '00000000-0000-0000-0000-000000000000' end "]
            [$($then)* " left join lateral (select s.period_id, s.valid_from
                from (values (1, " $hour ".period_id), (2, '00000000-0000-0000-0000-000000000000'::uuid)) k (ordinal, period_id)
                cross join lateral (select o.period_id, o.valid_from, o.valid_to from meeting o
                    where o.owner_id = " $hour ".meeting_of and o.period_id = k.period_id and o.ordinal = 0
                        and o.valid_from <= $1::bigint order by o.valid_from desc limit 1) s
                where s.valid_to is null or s.valid_to > $1::bigint order by k.ordinal limit 1) met on true
            left join meeting " $row " on " $row ".plan = $2 and " $row ".owner_id = " $hour ".meeting_of
                and " $row ".period_id = met.period_id and " $row ".valid_from = met.valid_from "]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @now $text:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask; [$($now)* $text] [$($then)*] $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @then $text:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask; [$($now)*] [$($then)* $text] $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] @$row:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask;
            [$($now)* "(" $row ".valid_to is null and $1::bigint is null)"]
            [$($then)* "(" $row ".valid_from <= $1::bigint and (" $row ".valid_to is null or " $row ".valid_to > $1::bigint))"]
            $($rest)*)
    };
    (@ $ask:tt; [$($now:literal)*] [$($then:literal)*] $text:literal $($rest:tt)*) => {
        $crate::asked::asked!(@ $ask; [$($now)* $text] [$($then)* $text] $($rest)*)
    };
    (@ [$of:path, $moment:expr, $fetch:ident($pool:expr)]; [$($now:literal)*] [$($then:literal)*]; $($argument:expr),*) => {
        match $moment {
            $crate::Moment::Now => {
                sqlx::query_as!($of, "" $(+ $now)*, None::<i64>, $($argument),*).$fetch($pool).await
            }
            $crate::Moment::AsOf(position) => {
                sqlx::query_as!($of, "" $(+ $then)*, position, $($argument),*).$fetch($pool).await
            }
        }
    };
    ($of:path, $moment:expr, $fetch:ident($pool:expr); $($rest:tt)*) => {
        $crate::asked::asked!(@ [$of, $moment, $fetch($pool)]; [] [] $($rest)*)
    };
}
pub(crate) use asked;
