//! The block that is printed when a service is ready.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::service::{Database, Service, Settings};

use super::database::DatabaseArgs;
use super::failed::Failed;
use super::serve::Addresses;

/// Of `daybook serve`.
pub async fn of_service(
    addresses: &Addresses,
    settings: &Settings,
    database: &DatabaseArgs,
    service: &Service,
) -> Result<String, Failed> {
    let mut lines = vec![String::new(), format!("Daybook {} is running.", env!("CARGO_PKG_VERSION"))];
    lines.extend(where_it_is(addresses));
    lines.push(line("data", &data(settings)));
    if !has_administrator(service).await? {
        lines.push(String::new());
        lines.push("There is no administrator yet. In another shell:".to_owned());
        lines.push(format!("  daybook user add admin --group administrators{}", database.same_data()?));
    }
    lines.push(String::new());
    lines.push(how_to_stop());
    Ok(lines.join("\n"))
}

/// The addresses, a line each.
pub fn where_it_is(addresses: &Addresses) -> Vec<String> {
    let Addresses { url, metrics } = addresses;
    let mut lines = vec![
        line("service", &format!("{url}/v1")),
        line("docs", &format!("{url}/docs")),
        line("health", &format!("{url}/readyz?verbose")),
    ];
    lines.push(line("metrics", &format!("{}/metrics", metrics.as_ref().unwrap_or(url))));
    lines
}

/// A name and its value.
pub fn line(name: &str, value: &str) -> String {
    format!("  {name:<9} {value}")
}

/// How to stop it.
pub fn how_to_stop() -> String {
    format!("Ctrl-C stops it (or kill -TERM {}).", std::process::id())
}

fn data(settings: &Settings) -> String {
    match &settings.database {
        Database::Private { data, .. } => {
            let data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
            format!("{} (a private PostgreSQL)", data.display())
        }
        // Not the address itself: it may hold a password.
        Database::Url(url) => PgConnectOptions::from_str(url).map_or_else(
            |_| "PostgreSQL".to_owned(),
            |given| {
                let place = given.get_socket().map_or_else(
                    || format!("{}:{}", given.get_host(), given.get_port()),
                    |socket| socket.display().to_string(),
                );
                let database = given.get_database().unwrap_or(given.get_username());
                format!("PostgreSQL at {place}, database {database}, schema {}", settings.schema)
            },
        ),
    }
}

async fn has_administrator(service: &Service) -> Result<bool, Failed> {
    let found = service.desk.with_accounts(|accounts| {
        let group = accounts.group_named("administrators").map(|group| group.id);
        accounts.users().any(|user| Some(user.group) == group && !user.disabled)
    });
    Ok(found.await?)
}
