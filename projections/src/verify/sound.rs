//! Whether the ledger itself is sound.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use eventstore::{Ledger, Recorded};
use uuid::Uuid;

use super::Finding;

/// How many findings are told one by one.
const TOLD_MAX: usize = 100;

/// What is known of the events so far.
#[derive(Default)]
pub(super) struct Sound {
    last: Option<Last>,
    /// The versions that the streams have come to.
    versions: HashMap<String, i64>,
    findings: Vec<Finding>,
    more: usize,
}

struct Last {
    position: i64,
    append_end: i64,
    command_id: Uuid,
    recorded_at: DateTime<Utc>,
}

/// The ends of appends, with their commands.
pub(super) struct Ends {
    commands: Vec<Uuid>,
    positions: Vec<i64>,
}

impl Ends {
    pub fn of(events: &[Recorded]) -> Self {
        let ends = events.iter().filter(|event| event.position == event.append_end);
        let (commands, positions) = ends.map(|event| (event.meta.command_id.0, event.position)).unzip();
        Self { commands, positions }
    }
}

impl Sound {
    pub fn note(&mut self, finding: Finding) {
        if self.findings.len() < TOLD_MAX {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    fn wrong(&mut self, position: i64, detail: String) {
        self.note(Finding::of("ledger", position, detail));
    }

    /// Looks at the events that come next.
    pub fn take(&mut self, events: &[Recorded]) {
        for event in events {
            self.follows(event);
            let position = event.position;
            let before = self.versions.get_mut(event.stream.as_str());
            let expected = before.as_ref().map_or(1, |version| **version + 1);
            match before {
                Some(version) => *version = event.version,
                None => {
                    self.versions.insert(event.stream.as_str().to_owned(), event.version);
                }
            }
            if event.version != expected {
                let (stream, version) = (&event.stream, event.version);
                self.wrong(
                    position,
                    format!("version {version} of the stream {stream} comes where {expected} should"),
                );
            }
            self.last = Some(Last {
                position,
                append_end: event.append_end,
                command_id: event.meta.command_id.0,
                recorded_at: event.recorded_at,
            });
        }
    }

    /// Whether an event may come after the last one.
    fn follows(&mut self, event: &Recorded) {
        let position = event.position;
        let next = self.last.as_ref().map_or(1, |last| last.position + 1);
        if position != next {
            self.wrong(next, format!("the positions from {next} to {} are missing", position - 1));
        }
        if event.append_end < position {
            self.wrong(position, format!("its append is said to end before it, at {}", event.append_end));
        }
        let Some(last) = &self.last else { return };
        let mut wrong = Vec::new();
        if event.recorded_at < last.recorded_at {
            wrong.push(format!("it was recorded at {}, before the one in front of it", event.recorded_at));
        }
        if last.position < last.append_end {
            if event.append_end != last.append_end {
                wrong.push(format!(
                    "it lies within the append that ends at {}, and belongs to another",
                    last.append_end
                ));
            } else if event.meta.command_id.0 != last.command_id {
                wrong.push("it comes from another command than the rest of its append".to_owned());
            }
        }
        for detail in wrong {
            self.wrong(position, detail);
        }
    }

    /// Whether the commands of these appends are known, so that a repeated one is answered as the first time.
    pub async fn commands(&mut self, ledger: &Ledger, ends: &Ends) -> Result<(), sqlx::Error> {
        let found = sqlx::query!(
            r#"select a.position as "position!", c.position as "known?"
            from unnest($1::uuid[], $2::bigint[]) as a (command_id, position)
            left join command c on c.command_id = a.command_id
            where c.position is distinct from a.position order by a.position limit 100"#,
            &ends.commands,
            &ends.positions,
        )
        .fetch_all(ledger.pool())
        .await?;
        for row in found {
            let detail = match row.known {
                None => "its command is not known".to_owned(),
                Some(other) => format!("its command is known for another position, {other}"),
            };
            self.wrong(row.position, detail);
        }
        Ok(())
    }

    /// All that was found.
    pub fn finish(mut self) -> Vec<Finding> {
        if let Some(last) = &self.last
            && last.position < last.append_end
        {
            let detail = format!("the last append should go on to {}", last.append_end);
            self.wrong(last.position, detail);
        }
        if self.more > 0 {
            self.findings.push(Finding::of("ledger", None, format!("and {} more", self.more)));
        }
        self.findings
    }
}

#[cfg(test)]
mod tests {
    use domain::{Actor, CommandId, Meta, StreamName};

    use super::*;

    fn event(position: i64, append_end: i64, stream: &str, version: i64) -> Recorded {
        Recorded {
            position,
            append_end,
            stream: StreamName::new(stream.to_owned()),
            version,
            r#type: "NodeStarted".to_owned(),
            subject: None,
            recorded_at: DateTime::UNIX_EPOCH,
            meta: Meta::new(CommandId(Uuid::from_u128(append_end.unsigned_abs().into())), Actor::System),
            data: Vec::new(),
        }
    }

    fn found(events: &[Recorded]) -> Vec<(Option<i64>, String)> {
        let mut sound = Sound::default();
        sound.take(events);
        sound.finish().into_iter().map(|finding| (finding.position, finding.detail)).collect()
    }

    #[test]
    fn a_sound_ledger_has_no_findings() {
        let events = [event(1, 2, "a", 1), event(2, 2, "b", 1), event(3, 3, "a", 2)];
        assert_eq!(found(&events), []);
    }

    #[test]
    fn gaps_versions_and_torn_appends_are_found_where_they_are() {
        let gap = found(&[event(1, 1, "a", 1), event(4, 4, "a", 2)]);
        assert_eq!(gap, [(Some(2), "the positions from 2 to 3 are missing".to_owned())]);
        let version = found(&[event(1, 1, "a", 1), event(2, 2, "a", 3)]);
        assert_eq!(version, [(Some(2), "version 3 of the stream a comes where 2 should".to_owned())]);
        let torn = found(&[event(1, 2, "a", 1), event(2, 3, "a", 2)]);
        assert!(torn[0].1.contains("within the append that ends at 2"), "{torn:?}");
        assert!(torn[1].1.contains("should go on to 3"), "{torn:?}");
    }

    #[test]
    fn a_time_that_falls_is_found() {
        let earlier = DateTime::UNIX_EPOCH - chrono::TimeDelta::seconds(1);
        let events = [event(1, 1, "a", 1), Recorded { recorded_at: earlier, ..event(2, 2, "a", 2) }];
        assert_eq!(found(&events).len(), 1);
    }
}
