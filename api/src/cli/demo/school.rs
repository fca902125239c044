//! The sample school: users, a token, a plan, and the GPU files that are part of the program.

use std::time::Duration;

use domain::PlanId;
use domain::command::add_user::Person;
use domain::gpu;
use secrecy::ExposeSecret;

use crate::cli::failed::Failed;
use crate::cli::{import, password, plan, token, user};
use crate::desk::Failure;
use crate::service::Service;

use super::progress::Progress;

/// The plan of the sample school.
pub const PLAN: &str = "100234~2026-2027~1";

/// The password of everybody, where nobody outside this host can try it.
const PASSWORD: &str = "daybook-demo";

/// How long the read models may take to show the school.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// Who is there, in which group, and what he is called in full.
const USERS: [(&str, &str, &str); 5] = [
    ("admin", "administrators", "The Administrator"),
    ("anna", "planners", "Anna Berg"),
    ("bert", "planners", "Bert Sandqvist"),
    ("clara", "cover-planners", "Clara Winter"),
    ("victor", "viewers", "Victor Lund"),
];

macro_rules! files {
    ($($name:literal),+) => {
        [$(($name, include_bytes!(concat!("../../../../demo/gpu/", $name)).as_slice())),+]
    };
}

/// The files of the folder `demo/gpu`.
const FILES: [(&str, &[u8]); 12] = files![
    "GPU001.TXT",
    "GPU002.TXT",
    "GPU003.TXT",
    "GPU004.TXT",
    "GPU005.TXT",
    "GPU006.TXT",
    "GPU007.TXT",
    "GPU010.TXT",
    "GPU012.TXT",
    "GPU013.TXT",
    "GPU014.TXT",
    "GPU018.TXT"
];

/// The school, made.
pub struct School {
    /// Name and group of each user.
    pub users: Vec<(&'static str, &'static str)>,
    /// Everybody's password.
    pub password: String,
    /// A token that reads.
    pub token: String,
}

impl School {
    /// Makes it by the commands of the command line.
    ///
    /// A service that others can reach gets a password that nobody can guess.
    pub async fn make(service: &Service, progress: &mut Progress, is_local: bool) -> Result<School, Failed> {
        let password =
            if is_local { PASSWORD.to_owned() } else { password::generated().expose_secret().to_owned() };
        let token = progress
            .step("adding users and a token", async {
                for (name, group, full_name) in USERS {
                    let person = Person {
                        name: name.to_owned(),
                        group: group.to_owned(),
                        full_name: Some(full_name.to_owned()),
                        email: None,
                        language: None,
                    };
                    user::add(service, person, password.clone().into()).await?;
                }
                token::issue(service, "demo", "viewers", None).await
            })
            .await?
            .1;
        progress.step("importing the sample school", fill(service)).await?;
        Ok(School { users: USERS.map(|(name, group, _)| (name, group)).to_vec(), password, token })
    }
}

async fn fill(service: &Service) -> Result<(), Failed> {
    let id: PlanId =
        PLAN.parse().map_err(|error: domain::plan_id::PlanIdError| Failed::wrong(error.to_string()))?;
    plan::create(service, id.clone(), Some("Lindenhafen 2026/27".to_owned())).await?;
    let files: Vec<(String, Vec<u8>)> =
        FILES.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    import::carry_out(service, import::of_files(&id, gpu::read(&files))).await?;
    // What is to be tried shows in the read models.
    let head = service.ledger.head().await.map_err(Failure::from)?;
    let shown = service.projections.wait_for(head.position, SHOWN_WITHIN).await;
    shown.map_err(|_| Failed::wrong("the read models do not show the sample school"))
}
