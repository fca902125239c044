//! Days and hours that the files use and the time grid lacks.

use super::draft::Draft;
use crate::{Hour, Kind, Value};

impl Draft<'_> {
    /// Adds what is missing, and warns. The time grid only ever grows here.
    pub fn widen_time_grid(&mut self) {
        let files = self.files;
        let of_cover = self.last_hour_of_cover();
        let Some(file) =
            files.timetable.as_ref().map(|table| table.file.as_str()).or(of_cover.map(|it| it.0))
        else {
            return;
        };
        let Some(grid) = self.plan.singleton(Kind::TimeGrid) else { return };
        let mut days = match grid.fields.get("days") {
            Some(Value::Days(days)) => days.clone(),
            _ => Vec::new(),
        };
        let mut hours = match grid.fields.get("hours") {
            Some(Value::Hours(hours)) => hours.clone(),
            _ => Vec::new(),
        };
        let (days_before, hours_before) = (days.clone(), hours.len());
        let mut used = [false; 8];
        let (mut last_hour, mut hour_file) = (0, file);
        for row in files.timetable.iter().flat_map(|table| &table.rows) {
            used[usize::from(row.day)] = true;
            last_hour = last_hour.max(row.hour);
        }
        if let Some((file, hour)) = of_cover
            && hour > last_hour
        {
            (last_hour, hour_file) = (hour, file);
        }
        days.extend((1..=7).filter(|&day| used[usize::from(day)] && !days_before.contains(&day)));
        days.sort_unstable();
        let first_missing = u32::try_from(hours.len() + 1).unwrap_or(u32::MAX);
        hours.extend((first_missing..=last_hour).map(|hour| Hour { hour, from: None, to: None }));
        if days == days_before && hours.len() == hours_before {
            return;
        }
        for day in days.iter().filter(|day| !days_before.contains(day)) {
            self.warn(|| format!("{file}: the time grid is widened by day {day}"));
        }
        if hours.len() > hours_before {
            self.warn(|| format!("{hour_file}: the time grid is widened to {} hours", hours.len()));
        }
        let at = self.want(Kind::TimeGrid, None, Some(grid));
        let after = &mut self.wanted(at).after;
        after.insert("days", Value::Days(days));
        after.insert("hours", Value::Hours(hours));
    }
}
