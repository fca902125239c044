//! What dates, hours and periods must have to do with each other.
//!
//! Only what a change touches is judged: a record that was taken in from files and says less than an editor has to say stays as
//! it is until somebody changes that very part of it.

use std::collections::HashSet;

use crate::calendar::{Span, date, spans};
use crate::{FieldFault, Fields, Kind, Plan, Record, RecordId, Value, whom};

/// How many records that stand in the way of a smaller time grid are named.
const NAMED_MAX: usize = 5;

/// A record as it is to be, beside what it was.
pub(crate) struct Dated<'a> {
    pub plan: &'a Plan,
    pub kind: Kind,
    /// The record, when it is there already.
    pub there: Option<&'a Record>,
    pub after: &'a Fields,
}

impl Dated<'_> {
    /// Everything that does not fit.
    pub fn check(&self, faults: &mut Vec<FieldFault>) {
        match self.kind {
            Kind::Periods => {
                self.check_span(faults);
                self.check_year(&["from", "to"], faults);
                self.check_period(faults);
            }
            Kind::Holidays => {
                self.check_span(faults);
                self.check_year(&["from", "to"], faults);
            }
            Kind::Absences => {
                self.check_span(faults);
                self.check_year(&["from", "to"], faults);
                self.check_who(faults);
                self.check_hours(&["first_hour", "last_hour"], faults);
                self.check_one_day(faults);
            }
            Kind::Substitutions => {
                self.check_year(&["date", "to_date"], faults);
                self.check_hours(&["hour", "to_hour"], faults);
                self.check_substitution(faults);
            }
            Kind::TimeGrid => self.check_time_grid(faults),
            _ => self.check_order(faults),
        }
    }

    /// Whether the hours that it names are in the time grid.
    pub fn check_grid(&self, faults: &mut Vec<FieldFault>) {
        match self.kind {
            Kind::Absences => self.check_hours(&["first_hour", "last_hour"], faults),
            Kind::Substitutions => self.check_hours(&["hour", "to_hour"], faults),
            _ => {}
        }
    }

    fn touches(&self, fields: &[&str]) -> bool {
        let before = self.there.map(|record| &record.fields);
        before.is_none_or(|before| fields.iter().any(|field| before.get(*field) != self.after.get(*field)))
    }

    fn number(&self, field: &str) -> Option<i64> {
        self.after.get(field).and_then(Value::number)
    }

    fn span(&self) -> Option<Span> {
        date(self.after, "from").zip(date(self.after, "to"))
    }

    /// A first and a last day, in this order.
    fn check_span(&self, faults: &mut Vec<FieldFault>) {
        for field in ["from", "to"] {
            if date(self.after, field).is_none() {
                let detail = format!("{} have a first and a last day", self.kind);
                faults.push(FieldFault::new(format!("/{field}"), detail));
            }
        }
        self.check_order(faults);
    }

    fn check_order(&self, faults: &mut Vec<FieldFault>) {
        if let Some((from, to)) = self.span()
            && to < from
        {
            faults.push(FieldFault::new("/to", "it ends before it begins"));
        }
    }

    fn check_year(&self, fields: &[&str], faults: &mut Vec<FieldFault>) {
        let Some(id) = self.plan.id() else { return };
        let Some((first, last)) = id.year.dates() else { return };
        for field in fields.iter().filter(|field| self.touches(&[field])) {
            if date(self.after, field).is_some_and(|date| date < first || date > last) {
                let detail = format!("it lies outside the school year {} ({first} to {last})", id.year);
                faults.push(FieldFault::new(format!("/{field}"), detail));
            }
        }
    }

    fn check_hours(&self, fields: &[&str], faults: &mut Vec<FieldFault>) {
        let Some(grid) = self.plan.singleton(Kind::TimeGrid) else { return };
        let Some(Value::Hours(hours)) = grid.fields.get("hours") else { return };
        for field in fields.iter().filter(|field| self.touches(&[field])) {
            if let Some(hour) = self.number(field)
                && !hours.iter().any(|it| i64::from(it.hour) == hour)
            {
                faults
                    .push(FieldFault::new(format!("/{field}"), format!("the time grid has no hour {hour}")));
            }
        }
    }

    fn check_who(&self, faults: &mut Vec<FieldFault>) {
        let of = self.after.get("of").and_then(Value::text);
        if of.is_none() {
            faults.push(FieldFault::new("/of", "say who is absent: teacher, class or room"));
        }
        let name = match self.after.get("name") {
            Some(Value::Reference(id)) => self.plan.record(*id),
            _ => None,
        };
        match (of.and_then(whom), name) {
            (Some(kind), Some(record)) if record.kind != kind => {
                let detail = format!("the name of one of the {kind} belongs here");
                faults.push(FieldFault::new("/name", detail));
            }
            (_, None) if !faults.iter().any(|fault| fault.pointer == "/name") => {
                faults.push(FieldFault::new("/name", "the name of who is absent belongs here"));
            }
            _ => {}
        }
    }

    /// The first hour is one of the first day, the last hour one of the last day; so they have an order only within one day.
    fn check_one_day(&self, faults: &mut Vec<FieldFault>) {
        let one_day = self.span().is_some_and(|(from, to)| from == to);
        if let (true, Some(first), Some(last)) =
            (one_day, self.number("first_hour"), self.number("last_hour"))
            && last < first
        {
            faults.push(FieldFault::new("/last_hour", "on one day the last hour is not before the first"));
        }
    }

    /// A move says where its hour goes, and is the only one that does.
    fn check_substitution(&self, faults: &mut Vec<FieldFault>) {
        for field in ["date", "hour", "kind"] {
            if !self.after.contains_key(field) && !faults.iter().any(|it| it.pointer == format!("/{field}")) {
                let detail = "a substitution has a date, an hour and a kind";
                faults.push(FieldFault::new(format!("/{field}"), detail));
            }
        }
        if !self.touches(&["kind", "date", "hour", "to_date", "to_hour", "lesson"]) {
            return;
        }
        let moves = self.after.get("kind").and_then(Value::text) == Some("move");
        for field in ["to_date", "to_hour"] {
            let fault = match (moves, self.after.contains_key(field)) {
                (true, false) => "say where the hour is moved to",
                (false, true) => "only a move goes to another place",
                _ => continue,
            };
            faults.push(FieldFault::new(format!("/{field}"), fault));
        }
        if moves && !self.after.contains_key("lesson") {
            faults.push(FieldFault::new("/lesson", "say which lesson is moved"));
        }
        let place = |date: &str, hour: &str| self.after.get(date).zip(self.after.get(hour));
        if moves && place("date", "hour").is_some() && place("date", "hour") == place("to_date", "to_hour") {
            faults.push(FieldFault::new("/to_hour", "a move goes to another day or hour than it comes from"));
        }
    }

    /// Periods lie inside one another or apart: below a parent inside of it, beside each other without a common day.
    fn check_period(&self, faults: &mut Vec<FieldFault>) {
        let Some((from, to)) = self.span().filter(|(from, to)| from <= to) else { return };
        if !self.touches(&["from", "to", "parent"]) {
            return;
        }
        let own = self.there.map(|record| record.id);
        let above = self.ancestors();
        if own.is_some_and(|own| above.contains(&own)) {
            faults.push(FieldFault::new("/parent", "a period is not below itself"));
            return;
        }
        if let Some((parent, (first, last))) =
            above.first().and_then(|id| Some((*id, self.plan.period_dates(*id)?)))
            && (from < first || to > last)
        {
            let detail = format!("it lies outside its parent {} ({first} to {last})", self.called(parent));
            faults.push(FieldFault::new("/parent", detail));
        }
        for other in self.plan.records_of(Kind::Periods).filter(|other| Some(other.id) != own) {
            let Some((first, last)) = self.plan.period_dates(other.id) else { continue };
            let common = from <= last && first <= to;
            let is_above = above.contains(&other.id);
            let is_below = own.is_some_and(|own| ancestors(self.plan, parent(&other.fields)).contains(&own));
            let contains = from <= first && last <= to;
            let name = self.called(other.id);
            let detail = if is_above || !common {
                continue;
            } else if is_below {
                if contains {
                    continue;
                }
                format!("period {name} ({first} to {last}) is below it and would lie outside of it")
            } else {
                let within = first <= from && to <= last;
                let siblings = !above.is_empty() && above.first().copied() == parent(&other.fields);
                if contains != within && !siblings {
                    continue;
                }
                format!(
                    "period {name} ({first} to {last}) overlaps it: shorten one of the two, or put one wholly inside the \
                     other as its `parent`"
                )
            };
            faults.push(FieldFault::new("/from", detail));
        }
    }

    fn called(&self, id: RecordId) -> String {
        self.plan.name_of(id).unwrap_or_default()
    }

    /// The periods that this one is to be below of, the nearest first.
    fn ancestors(&self) -> Vec<RecordId> {
        ancestors(self.plan, parent(self.after))
    }

    /// A smaller time grid leaves nothing outside.
    fn check_time_grid(&self, faults: &mut Vec<FieldFault>) {
        let days: HashSet<i64> = match self.after.get("days") {
            Some(Value::Days(days)) => days.iter().map(|day| i64::from(*day)).collect(),
            _ => return faults.push(FieldFault::new("/days", "a time grid has days")),
        };
        let hours: HashSet<i64> = match self.after.get("hours") {
            Some(Value::Hours(hours)) => hours.iter().map(|hour| i64::from(hour.hour)).collect(),
            _ => return faults.push(FieldFault::new("/hours", "a time grid has hours")),
        };
        self.check_outside("/days", &days, &[(Kind::Placements, "day")], faults);
        let of_hours = [
            (Kind::Placements, "hour"),
            (Kind::Absences, "first_hour"),
            (Kind::Absences, "last_hour"),
            (Kind::Substitutions, "hour"),
            (Kind::Substitutions, "to_hour"),
        ];
        self.check_outside("/hours", &hours, &of_hours, faults);
    }

    /// Names the records that use a number which the grid is not to have.
    fn check_outside(
        &self,
        pointer: &str,
        grid: &HashSet<i64>,
        fields: &[(Kind, &str)],
        faults: &mut Vec<FieldFault>,
    ) {
        let is_outside = |record: &Record| {
            let of_kind = fields.iter().filter(|(kind, _)| *kind == record.kind);
            let mut used = of_kind.filter_map(|(_, field)| record.number(field, None));
            used.any(|number| !grid.contains(&number))
        };
        let outside = self.plan.records().filter(|record| is_outside(record));
        let mut names: Vec<String> = outside.map(|record| self.plan.subject_of(record)).collect();
        if names.is_empty() {
            return;
        }
        let count = names.len();
        names.sort_unstable();
        names.truncate(NAMED_MAX);
        let detail = format!("{count} records would stand outside of it: {}", names.join(", "));
        faults.push(FieldFault::new(pointer, detail));
    }
}

fn parent(fields: &Fields) -> Option<RecordId> {
    match fields.get("parent") {
        Some(Value::Reference(id)) => Some(*id),
        _ => None,
    }
}

/// A period and those above it.
fn ancestors(plan: &Plan, from: Option<RecordId>) -> Vec<RecordId> {
    let mut found = Vec::new();
    let mut next = from;
    while let Some(id) = next.filter(|id| !found.contains(id)) {
        found.push(id);
        next = plan.record(id).and_then(|record| parent(&record.fields));
    }
    found
}

/// The periods that a record of a dated kind touches, before and after a change.
pub(crate) fn periods_touched(
    plan: &Plan,
    kind: Kind,
    before: Option<&Fields>,
    after: &Fields,
) -> Vec<RecordId> {
    let all = before.into_iter().chain([after]);
    plan.periods_of(&all.flat_map(|fields| spans(kind, fields)).collect::<Vec<_>>())
}
