//! `daybook rebuild`.

use clap::Args;
use clap::builder::BoolishValueParser;
use projections::{RebuildError, RebuildTerms, Rebuilt, read_models};
use serde_json::json;

use crate::service::Store;

use super::answer::AnswerArgs;
use super::database::DatabaseArgs;
use super::failed::Failed;
use super::told::Told;
use super::{note, say};

const EXAMPLES: &str = "\
Examples:
  daybook rebuild                    all read models
  daybook rebuild record placement   these two; the others are kept as they are
  daybook rebuild --json             a JSON object a line: how far it is, then what was done

Works beside a running service, which goes on answering from the old tables and turns to the new ones by itself when they are
whole. Killed at any moment, it leaves everything as it was; begin it again. `daybook verify` says whether one is needed;
`/readyz?verbose` and the status report say what has stopped, why, and how far a rebuild is.

With a PostgreSQL of one's own it makes tables, so it needs the login of the owner of the ledger.";

/// Makes read models anew from the ledger, beside the ones that are read, and changes over in one transaction.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RebuildArgs {
    /// Which read models [default: all].
    #[arg(value_name = "PROJECTION")]
    projections: Vec<String>,
    /// Leaves nothing to a running service: sooner done, while its answers take longer.
    #[arg(long, env = "DAYBOOK_FULL_SPEED", value_parser = BoolishValueParser::new())]
    full_speed: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
}

/// Carries it out.
pub async fn rebuild(args: RebuildArgs) -> Result<(), Failed> {
    let known = read_models();
    if let Some(name) =
        args.projections.iter().find(|name| !known.iter().any(|it| it.name() == name.as_str()))
    {
        let known: Vec<&str> = known.iter().map(|it| it.name()).collect();
        return Err(Failed::misused(format!("there is no read model {name}"))
            .next(format!("There are {}.", known.join(", "))));
    }
    let rebuilt = args.database.with_store(true, async |store| made(store, &args).await).await?;
    let seconds = rebuilt.took.as_secs_f64();
    let rate = rebuilt.events as f64 / seconds.max(0.001);
    if args.answer.json {
        say(json!({
            "rebuilt": rebuilt.projections,
            "generation": rebuilt.generation,
            "events": rebuilt.events,
            "seconds": (seconds * 1_000.0).round() / 1_000.0,
            "events_per_second": rate.round(),
            "old_dropped": rebuilt.old_dropped,
        }));
        return Ok(());
    }
    say(format_args!(
        "{} rebuilt from {} events in {seconds:.1} s, {rate:.0} a second",
        rebuilt.projections.join(", "),
        rebuilt.events,
    ));
    if !rebuilt.old_dropped {
        note(
            "Somebody still reads the old tables; the next start of the service or the next rebuild drops them.",
        );
    }
    Ok(())
}

async fn made(store: &Store, args: &RebuildArgs) -> Result<Rebuilt, Failed> {
    let terms = RebuildTerms {
        owner: store.login.clone(),
        ledger_schema: store.schema.clone(),
        full_speed: args.full_speed,
    };
    let told = Told::new(args.answer.json);
    let tell = |progress| told.tell(&progress);
    let rebuilt = projections::rebuild(&store.ledger, &terms, read_models(), &args.projections, &tell).await;
    told.done();
    Ok(rebuilt?)
}

impl From<RebuildError> for Failed {
    fn from(error: RebuildError) -> Failed {
        let text = error.to_string();
        match error {
            RebuildError::Busy => Failed::wrong(text).next("`/readyz?verbose` says how far that one is."),
            RebuildError::NotOwner(_) => Failed::wrong(text).next(
                "Run it as the owner: DATABASE_URL=postgres://owner@HOST/DATABASE daybook rebuild; the service keeps its own login.",
            ),
            RebuildError::OtherBuild => Failed::wrong(text).next("Use the program that the service runs."),
            RebuildError::Fault { .. } | RebuildError::Unreadable(_) => {
                Failed::wrong(text).next("Nothing was changed. A newer version of Daybook may be able to read it.")
            }
            RebuildError::Unknown { .. } => Failed::misused(text),
            RebuildError::Database(error) => Failed::of_database(&error),
        }
    }
}
