//! `daybook verify`.

use clap::Args;
use clap::builder::BoolishValueParser;
use eventstore::PoolSettings;
use projections::{Finding, Verified, VerifyError, VerifyTerms, read_models};
use serde_json::{Value as Json, json};

use crate::service::Store;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::say;
use super::table::table;
use super::told::Told;

const EXAMPLES: &str = "\
Examples:
  daybook verify
  daybook verify --json        a JSON object a line: how far it is, then what was found

Reads the whole ledger: positions without a gap, appends whole, versions of every stream in order, times that never fall, the
commands of all appends known. Folds it a second time into temporary tables and compares every read model with that, row by
row, at the position that it has come to. Nothing is changed, and a running service goes on meanwhile.

Exit status: 0 all is right, 1 something is wrong (it names the read model, the row and the position), 3 the ledger could not
be reached. What is wrong with a read model, `daybook rebuild NAME` mends. What is wrong with the ledger comes from a backup.

The login that the service uses is enough; its role needs the right to temporary tables, which PostgreSQL gives to everybody
unless somebody took it away: grant temporary on database NAME to daybook_service.";

/// Proves the ledger and the read models, and names what is wrong and where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct VerifyArgs {
    /// Leaves nothing to a running service: sooner done, while its answers take longer.
    #[arg(long, env = "DAYBOOK_FULL_SPEED", value_parser = BoolishValueParser::new())]
    full_speed: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Carries it out.
pub async fn verify(args: VerifyArgs) -> Result<(), Failed> {
    let (verified, epoch) = args.database.with_store(false, async |store| proved(store, &args).await).await?;
    if args.answer.json {
        say(json(&verified, epoch));
    } else {
        people(&verified, epoch);
    }
    match verified.findings.len() {
        0 => Ok(()),
        1 => Err(Failed::found("1 thing is wrong")),
        count => Err(Failed::found(format!("{count} things are wrong"))),
    }
}

async fn proved(store: &Store, args: &VerifyArgs) -> Result<(Verified, i64), Failed> {
    let settings = PoolSettings::new(store.login.clone(), &store.schema);
    let terms = VerifyTerms { settings, full_speed: args.full_speed };
    let told = Told::new(args.answer.json);
    let tell = |progress| told.tell(&progress);
    let verified = projections::verify(&store.ledger, &terms, read_models(), &tell).await;
    told.done();
    let epoch = store.ledger.head().await.map_err(|error| Failed::of_database(&error))?.epoch;
    Ok((verified?, epoch))
}

fn json(verified: &Verified, epoch: i64) -> Json {
    let at = |position: i64| format!("{epoch}.{position}");
    let finding = |it: &Finding| json!({ "of": it.of, "row": it.row, "position": it.position.map(at), "detail": it.detail });
    json!({
        "right": verified.findings.is_empty(),
        "head": at(verified.head),
        "projections": verified.compared.iter().map(|it| {
            json!({ "name": it.projection, "position": at(it.position), "rows": it.rows })
        }).collect::<Vec<_>>(),
        "findings": verified.findings.iter().map(finding).collect::<Vec<_>>(),
        "seconds": (verified.took.as_secs_f64() * 1_000.0).round() / 1_000.0,
    })
}

fn people(verified: &Verified, epoch: i64) {
    say(format_args!("ledger: {} events read up to {epoch}.{}", verified.head, verified.head));
    let wrong = |name: &str| verified.findings.iter().any(|finding| finding.of == name);
    let rows: Vec<[String; 4]> = verified
        .compared
        .iter()
        .map(|it| {
            let verdict = if wrong(&it.projection) { "WRONG" } else { "right" };
            let position = format!("{epoch}.{}", it.position);
            [it.projection.clone(), position, it.rows.to_string(), verdict.to_owned()]
        })
        .collect();
    say(table(["READ MODEL", "POSITION", "ROWS", ""], &rows));
    for finding in &verified.findings {
        let at = finding.position.map(|position| format!(" at {epoch}.{position}")).unwrap_or_default();
        let row = finding.row.as_ref().map(|row| format!(", {row}")).unwrap_or_default();
        say(format_args!("{}{row}{at}: {}", finding.of, finding.detail));
    }
}

impl From<VerifyError> for Failed {
    fn from(error: VerifyError) -> Failed {
        let text = error.to_string();
        match error {
            VerifyError::OtherBuild => Failed::wrong(text).next("Use the program that the service runs."),
            VerifyError::NoTemporary { role } => Failed::wrong(text)
                .next(format!("As the owner of the database: grant temporary on database NAME to {role}")),
            VerifyError::Database(error) => Failed::of_database(&error),
        }
    }
}
