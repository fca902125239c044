//! What the run found, as Markdown for the terminal and for RESULTS.md.

use std::fmt::Write;

use crate::measure::{Measured, Spread};

/// One part of the run with its table.
pub struct Section {
    /// Heading.
    pub title: &'static str,
    /// What was done, in a few sentences.
    pub method: String,
    /// The table.
    pub rows: Vec<Row>,
    /// What was asked for, and whether it was reached.
    pub verdicts: Vec<Verdict>,
    /// Checks that were made, and other things to know.
    pub notes: Vec<String>,
}

/// One line of a table.
pub struct Row {
    /// Who or what.
    pub name: String,
    /// Writers, connections or clients.
    pub clients: usize,
    /// One a round.
    pub runs: Vec<Measured>,
}

/// Which side of the target is the good one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Good {
    /// Speeds.
    AtLeast,
    /// Times and sizes.
    AtMost,
}

/// A figure held against what was asked for.
pub struct Verdict {
    /// What is measured; also the key of its explanation in `WHY.md`.
    pub name: String,
    /// The figure over the rounds; `None` where it could not be measured.
    pub found: Option<Spread>,
    /// Unit with its leading blank or sign.
    pub unit: &'static str,
    /// The side that is good.
    pub good: Good,
    /// What has to be reached.
    pub target: f64,
    /// What one would like to reach.
    pub goal: Option<f64>,
}

impl Verdict {
    fn reaches(&self, mark: f64) -> bool {
        self.found.is_some_and(|found| match self.good {
            Good::AtLeast => found.median >= mark,
            Good::AtMost => found.median <= mark,
        })
    }

    fn word(&self) -> &'static str {
        match (self.found, self.reaches(self.target), self.goal.is_some_and(|goal| self.reaches(goal))) {
            (None, _, _) => "not measured",
            (_, true, true) => "pass, goal reached",
            (_, true, false) => "pass",
            (_, false, _) => "MISS",
        }
    }

    fn line(&self) -> String {
        let sign = if self.good == Good::AtLeast { "≥" } else { "≤" };
        let found = self.found.map_or("-".into(), |found| figure(found, self.unit));
        let goal = self.goal.map_or("-".into(), |goal| format!("{sign} {}{}", short(goal), self.unit));
        format!(
            "| {} | {found} | {sign} {}{} | {goal} | {} |",
            self.name,
            short(self.target),
            self.unit,
            self.word()
        )
    }

    /// By how much the target was missed, with the reason that `explanations` gives.
    fn miss(&self, explanations: &str) -> Option<String> {
        let found = self.found?.median;
        if self.reaches(self.target) {
            return None;
        }
        let by = (found / self.target - 1.0).abs() * 100.0;
        let reason = explanations
            .lines()
            .filter_map(|line| line.strip_prefix("- ")?.split_once(": "))
            .find_map(|(name, reason)| (name == self.name).then_some(reason))
            .unwrap_or("not explained yet (one line in WHY.md)");
        Some(format!("- **{}** missed by {by:.0} %: {reason}", self.name))
    }
}

impl Section {
    /// The section as Markdown; misses are explained by the lines `- name: reason` of `explanations`.
    pub fn markdown(&self, explanations: &str) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.method);
        if !self.rows.is_empty() {
            text.push_str("| what | clients | per second | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|\n");
        }
        for row in &self.rows {
            let cell = |of: fn(&Measured) -> f64| {
                Spread::of(row.runs.iter().map(of)).map_or("-".into(), |spread| figure(spread, ""))
            };
            let (rate, p50, p99) = (cell(|run| run.per_second), cell(|run| run.p50), cell(|run| run.p99));
            writeln!(text, "| {} | {} | {rate} | {p50} | {p99} |", row.name, row.clients)
                .expect("a string takes it");
        }
        if !self.verdicts.is_empty() {
            text.push_str("\n| asked for | found | at least / most | goal | |\n|---|---:|---:|---:|---|\n");
        }
        for verdict in &self.verdicts {
            text.push_str(&verdict.line());
            text.push('\n');
        }
        let misses: Vec<String> =
            self.verdicts.iter().filter_map(|verdict| verdict.miss(explanations)).collect();
        let notes = self.notes.iter().map(|note| format!("- {note}"));
        let lines: Vec<String> = misses.into_iter().chain(notes).collect();
        if !lines.is_empty() {
            text.push('\n');
            text.push_str(&lines.join("\n"));
            text.push('\n');
        }
        text
    }
}

/// `median [min-max]`.
fn figure(spread: Spread, unit: &str) -> String {
    let Spread { median, min, max } = spread;
    if median.is_nan() {
        return "-".into();
    }
    format!("{}{unit} [{}-{}]", short(median), short(min), short(max))
}

/// A number with as many digits as one can trust: 48,123; 12.3; 0.87.
fn short(number: f64) -> String {
    if number.abs() < 10.0 {
        return format!("{number:.2}");
    }
    if number.abs() < 100.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_only_the_digits_one_can_trust() {
        assert_eq!(
            [0.873, 12.34, 480.2, 48_123.4, 1_000_000.0].map(short),
            ["0.87", "12.3", "480", "48,123", "1,000,000"]
        );
    }

    #[test]
    fn a_miss_says_by_how_much_and_why() {
        let mut verdict = Verdict {
            name: "1,024 writers against pgbench".into(),
            found: Spread::of([2.0]),
            unit: " x",
            good: Good::AtLeast,
            target: 2.5,
            goal: Some(3.0),
        };
        let miss = verdict.miss("# Why\n- 1,024 writers against pgbench: one core hashes").expect("a miss");
        assert!(miss.contains("missed by 20 %: one core hashes"), "{miss}");
        verdict.found = Spread::of([2.5]);
        assert_eq!((verdict.word(), verdict.miss("")), ("pass", None));
    }
}
