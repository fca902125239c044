//! Mode, period and activity of a session.

use super::log_in::{check_mode, edits};
use super::way_in::check_cover_begins;
use super::{Ask, Command, Decision, Needs, Office, Stream};
use crate::{FieldFault, Kind, Mode, PlanCondition, PlanId, Refusal, Right, SessionChanged};

/// Changes what is given, of the session that asks.
#[derive(Debug, Clone)]
pub struct ChangeSession {
    /// The plan of the session; none for a session of the site.
    pub plan: Option<PlanId>,
    /// What for.
    pub mode: Option<Mode>,
    /// The name of the period.
    pub period: Option<String>,
    /// What the person does; empty for nothing.
    pub activity: Option<String>,
}

impl Command for ChangeSession {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn plan(&self) -> Option<&PlanId> {
        self.plan.as_ref()
    }

    fn decide(&self, office: &Office<'_>, ask: &mut Ask<'_>) -> Decision {
        let id = ask.session.ok_or_else(|| Refusal::not_permitted("plan"))?;
        let session = office.check_session(id)?;
        if let Some(activity) = &self.activity
            && (activity.chars().count() > 200 || activity.chars().any(char::is_control))
        {
            let detail = "an activity has at most 200 characters and no control characters";
            return Err(Refusal::invalid(&[FieldFault::new("/activity", detail)]).into());
        }
        let activity = self
            .activity
            .clone()
            .filter(|activity| activity.as_str() != session.activity.as_deref().unwrap_or(""));
        let Some(_) = &self.plan else {
            if self.mode.is_some() || self.period.is_some() {
                return Err(Refusal::fault(
                    "/mode",
                    "a session that is in no plan has neither mode nor period",
                )
                .into());
            }
            let changed = SessionChanged { session: id, mode: None, period: None, activity };
            return Ok(if changed.activity.is_some() {
                vec![(Stream::Sessions, changed.into())]
            } else {
                Vec::new()
            });
        };
        let plan = office.plan()?;
        let period = match &self.period {
            None => None,
            Some(name) => Some(
                plan.named(Kind::Periods, name)
                    .ok_or_else(|| Refusal::fault("/period", format!("the plan has no period {name:?}")))?
                    .id,
            ),
        }
        .filter(|period| Some(*period) != session.period);
        let mode = self.mode.filter(|mode| *mode != session.mode);
        if let Some(mode) = mode {
            if mode != Mode::Read && plan.condition() != PlanCondition::Open {
                return Err(Refusal::not_permitted("mode").into());
            }
            check_mode(office, mode, ask.who)?;
            if mode == Mode::Timetable && !edits(office, ask.who) {
                return Err(Refusal::not_permitted(Right::Timetable.word()).into());
            }
        }
        // Beginning cover, and taking cover to another period, is the critical action; the rest disturbs nobody.
        let mode_then = mode.unwrap_or(session.mode);
        if mode_then == Mode::Cover && (mode.is_some() || period.is_some()) {
            check_cover_begins(office, plan, ask, period.or(session.period))?;
        }
        if mode.is_none() && period.is_none() && activity.is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![(Stream::Plan, SessionChanged { session: id, mode, period, activity }.into())])
    }
}
