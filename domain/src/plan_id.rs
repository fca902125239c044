//! What people log in to.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

use crate::{StreamName, name_fault};

/// A school year, written `2026-2027`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchoolYear(u16);

impl SchoolYear {
    /// The calendar year in which it begins.
    pub fn begins(self) -> i32 {
        i32::from(self.0)
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:04}", self.0, self.0 + 1)
    }
}

impl FromStr for SchoolYear {
    type Err = PlanIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = text.split_once('-').ok_or(PlanIdError::Year)?;
        let digits = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(from) || !digits(to) {
            return Err(PlanIdError::Year);
        }
        let from: u16 = from.parse().map_err(|_| PlanIdError::Year)?;
        let to: u16 = to.parse().map_err(|_| PlanIdError::Year)?;
        // Outside these years it is a slip of the pen, not a plan.
        if to != from + 1 || !(1900..=2999).contains(&from) {
            return Err(PlanIdError::Year);
        }
        Ok(SchoolYear(from))
    }
}

/// School number, school year and version: `100234~2026-2027~1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId {
    /// The number of the school, a name without `~` and `/`.
    pub school: String,
    /// The school year.
    pub year: SchoolYear,
    /// The version, 1 to 255.
    pub version: u8,
}

/// What is wrong with a text that should be a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanIdError {
    /// There are not three parts.
    #[error("a plan is written school~year~version, for example 100234~2026-2027~1")]
    Parts,
    /// The first part.
    #[error("a school number has 1 to 50 characters without ~, /, control characters or blanks at its ends")]
    School,
    /// The second part.
    #[error("a school year is written like 2026-2027")]
    Year,
    /// The third part.
    #[error("a version is a number from 1 to 255")]
    Version,
}

impl PlanId {
    /// Puts the three parts together.
    pub fn new(school: &str, year: SchoolYear, version: u8) -> Result<PlanId, PlanIdError> {
        if name_fault(school).is_some() || school.contains(['~', '/']) {
            return Err(PlanIdError::School);
        }
        if version == 0 {
            return Err(PlanIdError::Version);
        }
        Ok(PlanId { school: school.to_owned(), year, version })
    }

    /// The stream that holds everything one decision about this plan must see whole.
    pub fn stream(&self) -> StreamName {
        StreamName::new(format!("plan/{self}"))
    }

    /// The plan whose stream this is.
    pub fn of_stream(stream: &str) -> Option<PlanId> {
        stream.strip_prefix("plan/").map(|rest| rest.strip_suffix("/refused").unwrap_or(rest))?.parse().ok()
    }

    /// Whether a pattern such as `100234~*~*` or `*` covers this plan; `*` stands for one whole part, or alone for everything.
    pub fn matches(&self, pattern: &str) -> bool {
        if pattern == "*" {
            return true;
        }
        let parts: Vec<&str> = pattern.split('~').collect();
        let own = [self.school.clone(), self.year.to_string(), self.version.to_string()];
        parts.len() == 3 && parts.iter().zip(&own).all(|(part, own)| *part == "*" || part == own)
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.school, self.year, self.version)
    }
}

impl FromStr for PlanId {
    type Err = PlanIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('~').collect();
        let [school, year, version] = parts[..] else { return Err(PlanIdError::Parts) };
        // One plan has one spelling: "01" and "+1" are not versions.
        if version.starts_with(['0', '+']) {
            return Err(PlanIdError::Version);
        }
        PlanId::new(school, year.parse()?, version.parse().map_err(|_| PlanIdError::Version)?)
    }
}

impl Serialize for PlanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PlanId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_it_writes() {
        let plan: PlanId = "100234~2026-2027~1".parse().unwrap();
        assert_eq!(plan.to_string(), "100234~2026-2027~1");
        assert_eq!(PlanId::of_stream(plan.stream().as_ref()), Some(plan));
    }

    #[test]
    fn absurd_plans_are_refused() {
        for text in [
            "",
            "a",
            "a~b~c",
            "1~2026-2028~1",
            "1~2026-2027~0",
            "1~2026-2027~256",
            "1~2026-2027~01",
            "~2026-2027~1",
            "a/b~2026-2027~1",
            "1~2026-2027~1~2",
            "1~26-27~1",
        ] {
            assert!(text.parse::<PlanId>().is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_cover_whole_parts() {
        let plan: PlanId = "100234~2026-2027~1".parse().unwrap();
        assert!(plan.matches("*") && plan.matches("100234~*~*") && plan.matches("*~2026-2027~1"));
        assert!(!plan.matches("1002*~*~*") && !plan.matches("100235~*~*") && !plan.matches("100234~*"));
    }
}
