//! The settings of the site that only a running service has.

use std::time::Duration;

use clap::Args;

use crate::desk::Terms;
use crate::outage::{ContactTerms, Partner};

/// How long sessions and locks live, and how often a log-in may fail.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Terms of the site")]
pub struct TermsArgs {
    /// A session that is not heard of for this long ends.
    #[arg(long, env = "DAYBOOK_SESSION_IDLE", value_name = "TIME", default_value = "60s", value_parser = duration)]
    session_idle: Duration,
    /// A session older than this ends.
    #[arg(long, env = "DAYBOOK_SESSION_AGE", value_name = "TIME", default_value = "12h", value_parser = duration)]
    session_age: Duration,
    /// A lock that is not renewed for this long ends.
    #[arg(long, env = "DAYBOOK_LOCK_LEASE", value_name = "TIME", default_value = "60s", value_parser = duration)]
    lock_lease: Duration,
    /// Failed log-ins a minute for one name from one address; ten times as many for an address. `off`: no limit.
    #[arg(long, env = "DAYBOOK_LOGIN_RATE", value_name = "N|off", default_value = "10", value_parser = login_rate)]
    login_rate: LoginRate,
    /// How often ledger and partners are asked whether they are there.
    #[arg(long, env = "DAYBOOK_CONTACT_EVERY", value_name = "TIME", default_value = "1s", value_parser = duration)]
    contact_every: Duration,
    /// After so many good answers in a row contact counts as back.
    #[arg(long, env = "DAYBOOK_CONTACT_GOOD", value_name = "N", default_value = "1")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    contact_good: u32,
    /// One whom the service needs beside its ledger: tcp://host:port, http://… or https://…; may be given several times, or several
    /// with commas between them. Without contact nobody is served.
    #[arg(long, env = "DAYBOOK_PARTNER", value_name = "URL", value_delimiter = ',', value_parser = partner)]
    partner: Vec<Partner>,
}

/// A limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LoginRate(Option<u32>);

impl TermsArgs {
    /// The terms as the desk takes them, in the usual zone.
    pub fn terms(&self) -> Terms {
        let TermsArgs { session_idle, session_age, lock_lease, .. } = *self;
        let (every, good, partners) = (self.contact_every, self.contact_good, self.partner.clone());
        let contact = ContactTerms { every, good, partners, ..ContactTerms::default() };
        Terms { session_idle, session_age, lock_lease, contact, ..Terms::default() }
    }

    /// Failed log-ins a minute; nothing is no limit.
    pub fn login_rate(&self) -> Option<u32> {
        self.login_rate.0
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time < Duration::from_millis(100) => Err("at least 100ms".to_owned()),
        Ok(time) if time > Duration::from_hours(24 * 365) => Err("at most a year".to_owned()),
        Ok(time) => Ok(time),
        Err(_) => Err("a time is written 60s, 5m or 12h".to_owned()),
    }
}

fn partner(text: &str) -> Result<Partner, String> {
    text.parse()
}

fn login_rate(text: &str) -> Result<LoginRate, String> {
    match text.parse() {
        _ if text == "off" => Ok(LoginRate(None)),
        Ok(limit) if limit > 0 => Ok(LoginRate(Some(limit))),
        _ => Err("a number from 1, or `off`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        assert_eq!(duration("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert!(duration("0s").is_err() && duration("60").is_err() && duration("-1s").is_err());
    }

    #[test]
    fn the_limit_of_log_ins_can_be_switched_off() {
        assert_eq!(login_rate("off"), Ok(LoginRate(None)));
        assert_eq!(login_rate("5"), Ok(LoginRate(Some(5))));
        assert!(login_rate("0").is_err() && login_rate("none").is_err());
    }
}
