//! What people write.

use domain::{Event, FieldChange, Kind, RecordRemoved, Value};

use super::{Years, changed, worded};

impl Years {
    /// The commonest of all: somebody writes another text into a field.
    pub(super) fn reword(&mut self, at: usize) {
        let by = self.somebody(at);
        let event = self.reworded(at);
        self.in_plan(at, Some(by), &[event]);
    }

    fn reworded(&mut self, at: usize) -> Event {
        let working = &self.plans[at];
        let (students, things) = (working.students.len(), working.things.len());
        let place = self.dice.place(students / 4 + things);
        let which = self.dice.place(3);
        let working = &mut self.plans[at];
        let thing = if place < things {
            &mut working.things[place]
        } else {
            &mut working.students[(place - things) * 4]
        };
        thing.revision += 1;
        let field = match which {
            0 => "text",
            1 if thing.kind == Kind::Lessons => "line_text",
            1 => "long_name",
            _ => "description",
        };
        let before = std::mem::replace(&mut thing.written[which], thing.revision);
        let from = (before > 0).then(|| thing.text(before));
        let changes = vec![FieldChange { field: field.into(), from, to: Some(thing.text(thing.revision)) }];
        changed(thing.id, thing.kind, thing.revision, changes)
    }

    pub(super) fn move_hour(&mut self, at: usize) {
        let by = self.somebody(at);
        let event = self.moved(at);
        self.in_plan(at, Some(by), &[event]);
    }

    fn moved(&mut self, at: usize) -> Event {
        let place = self.dice.place(self.plans[at].hours.len());
        let (day, when) = self.some_hour();
        let hour = &mut self.plans[at].hours[place];
        let change = |field: &'static str, from: i64, to: i64| FieldChange {
            field: field.into(),
            from: Some(Value::Number(from)),
            to: Some(Value::Number(to)),
        };
        let changes = vec![change("day", hour.day, day), change("hour", hour.hour, when)];
        (hour.day, hour.hour, hour.revision) = (day, when, hour.revision + 1);
        changed(hour.id, Kind::Placements, hour.revision, changes)
    }

    pub(super) fn enrol(&mut self, at: usize) {
        let (by, event) = (self.somebody(at), self.new_student(at));
        self.in_plan(at, Some(by), &[event]);
    }

    pub(super) fn leave(&mut self, at: usize) {
        if self.plans[at].students.len() < 100 {
            return;
        }
        let (by, place) = (self.somebody(at), self.dice.place(self.plans[at].students.len()));
        let student = self.plans[at].students.swap_remove(place);
        let fields = [("id".into(), worded(Kind::Students, student.id, student.name))].into();
        let event = RecordRemoved {
            record: student.id,
            kind: Kind::Students,
            revision: student.revision + 1,
            fields,
            import: None,
        };
        self.in_plan(at, Some(by), &[event.into()]);
    }

    /// Some hundred changes in one append.
    pub(super) fn import(&mut self, at: usize) {
        let (by, rows) = (self.somebody(at), 20 + self.dice.below(180));
        let mut events = Vec::new();
        for _ in 0..rows {
            let event = if self.dice.below(2) == 0 { self.moved(at) } else { self.reworded(at) };
            events.push(event);
        }
        events.push(self.imported("GPU001.TXT", rows));
        self.in_plan(at, Some(by), &events);
    }
}
