//! Asks ledger and partners for contact, again and again, and tells the ledger what holds for the whole site.
//!
//! Contact is lost for the site when no living node has it. Each node holds two advisory locks of the ledger for as long as it
//! lives and has contact ([`Presence`]); one without contact that finds nobody else holding the second one says so for all.
//! When the ledger itself was away, the first node that finds it back puts both moments on record.

mod record;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::command::report_contact::{Loss, ReportContact};
use domain::command::start_node::StartNode;
use eventstore::{Former, Presence};
use futures::future::join_all;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::record::{tell, write_refused};
use crate::desk::{Desk, Failure};

/// How long the ledger may take to answer a probe, before a second line is tried.
const PROBE_WITHIN: Duration = Duration::from_secs(1);
/// A ledger that refuses is asked once more after this, before it counts as gone.
const SECOND_TRY_AFTER: Duration = Duration::from_millis(50);
/// How often a ledger that is gone is asked.
const GONE_EVERY: Duration = Duration::from_millis(100);
/// How long a round waits for anything that goes by the usual ways to the ledger, so that it never misses that the ledger is gone.
const STEP_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks that were hastened by somebody who met trouble.
const HASTE_EVERY: Duration = Duration::from_millis(50);
/// The contact that is not a partner.
const LEDGER: &str = "ledger";

/// What a node that watches knows of its own contact.
pub struct Watch {
    desk: Arc<Desk>,
    line: Option<Presence>,
    former: Option<Former>,
    /// Where the start of this node is on record.
    start: i64,
    /// Good answers of the ledger in a row, while it counts as gone.
    ledger_good: u32,
    /// Good answers of all partners in a row.
    partners_good: u32,
    has_contact: bool,
    lost_since: DateTime<Utc>,
    /// The partners that did not answer when somebody last did not.
    silent: Vec<String>,
}

impl Watch {
    /// Puts the start of this node on record; when it is the first one, that ends the outage that there was.
    pub async fn start(desk: Arc<Desk>) -> Result<Watch, Failure> {
        let mut line = Presence::connect(desk.ledger.settings(), desk.schema(), None).await?;
        let first = line.come_alive().await?;
        let former = Some(line.former());
        let lost_since = desk.now();
        let mut watch = Watch {
            desk,
            line: None,
            former,
            start: 0,
            ledger_good: 0,
            partners_good: 0,
            has_contact: false,
            lost_since,
            silent: Vec::new(),
        };
        let lost = watch.silent_partners().await;
        watch.has_contact = lost.is_empty();
        watch.silent.clone_from(&lost);
        if watch.has_contact {
            line.hold_contact().await?;
        }
        let (node, version) = (watch.desk.terms.contact.node.clone(), env!("CARGO_PKG_VERSION").to_owned());
        watch.start = tell(&watch.desk, StartNode { node, version, first, lost }).await?;
        line.show_start(watch.start).await?;
        line.settle().await?;
        watch.line = Some(line);
        watch.desk.learn_site().await?;
        watch.note_own_contact();
        watch.take_figures().await;
        watch.note_probe();
        Ok(watch)
    }

    /// Watches until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let desk = self.desk.clone();
        loop {
            let every = desk.terms.contact.every;
            let pause = if desk.standing.is_ledger_gone() { GONE_EVERY.min(every) } else { every };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
                () = desk.standing.trouble(), if !desk.standing.is_ledger_gone() => {
                    tokio::time::sleep(HASTE_EVERY.min(every)).await;
                }
            }
            self.round().await;
        }
        if !desk.standing.is_ledger_gone() {
            write_refused(&desk, None).await;
        }
        if let Some(line) = self.line {
            let _ = timeout(PROBE_WITHIN, line.close()).await;
        }
    }

    async fn round(&mut self) {
        let (ledger, lost) = {
            let partners = silent_partners(self.desk.clone());
            tokio::join!(self.ledger_answers(), partners)
        };
        if !ledger {
            self.ledger_good = 0;
            return self.note_gone();
        }
        self.note_probe();
        if self.desk.standing.is_ledger_gone() {
            self.ledger_good += 1;
            if self.ledger_good < self.desk.terms.contact.good || !self.come_back(&lost).await {
                return;
            }
        }
        let rest = async {
            self.desk.learn_site().await?;
            self.judge_partners(&lost).await
        };
        if let Err(failure) = rest.await {
            tracing::debug!(?failure, "contact could not be told to the ledger; the next round tries again");
        }
        self.take_figures().await;
        write_refused(&self.desk, Some(self.desk.now())).await;
    }

    /// Whether the ledger answers on this node's line, or on a new one.
    async fn ledger_answers(&mut self) -> bool {
        if let Some(line) = &mut self.line {
            if matches!(timeout(PROBE_WITHIN, line.probe()).await, Ok(Ok(()))) {
                return true;
            }
            self.line = None;
        }
        let was_gone = self.desk.standing.is_ledger_gone();
        for again in [true, false] {
            let line = Presence::connect(self.desk.ledger.settings(), self.desk.schema(), self.former).await;
            match line {
                Ok(line) => {
                    self.former = Some(line.former());
                    self.line = Some(line);
                    // One whose line alone broke goes on living; one whom the ledger had left comes back by `come_back`.
                    return was_gone || matches!(timeout(STEP_WITHIN, self.live_on()).await, Ok(Ok(())));
                }
                Err(error) if again && !was_gone => {
                    tracing::debug!(%error, "the ledger does not answer the probe");
                    tokio::time::sleep(SECOND_TRY_AFTER).await;
                }
                Err(_) => return false,
            }
        }
        false
    }

    /// The same locks on a new line.
    async fn live_on(&mut self) -> Result<(), Failure> {
        let (has_contact, start) = (self.has_contact, self.start);
        let line = self.line()?;
        line.come_alive().await?;
        line.show_start(start).await?;
        line.settle().await?;
        if has_contact {
            line.hold_contact().await?;
        }
        Ok(())
    }

    fn line(&mut self) -> Result<&mut Presence, Failure> {
        self.line.as_mut().ok_or(Failure::Unavailable)
    }

    fn note_probe(&self) {
        let now = self.desk.now();
        self.desk.standing.change(|known| known.last_probe_at = Some(now));
    }

    fn note_gone(&self) {
        let now = self.desk.now();
        if !self.desk.standing.is_ledger_gone() {
            tracing::warn!("the ledger is gone; nobody is served until it is back");
        }
        self.desk.standing.change(|known| {
            known.ledger_lost.get_or_insert(now);
            known.last_probe_at = Some(now);
        });
    }

    /// The ledger is back: what happened goes on record, and people are served again.
    async fn come_back(&mut self, silent: &[String]) -> bool {
        let done = timeout(STEP_WITHIN, self.put_on_record(silent)).await;
        match done {
            Ok(Ok(())) => {
                self.desk.standing.change(|known| known.ledger_lost = None);
                tracing::info!("the ledger is back");
                true
            }
            other => {
                tracing::debug!(?other, "the ledger answers, but not yet as it should");
                // What the line holds of the locks is not known any more.
                self.line = None;
                false
            }
        }
    }

    async fn put_on_record(&mut self, silent: &[String]) -> Result<(), Failure> {
        let desk = self.desk.clone();
        let (lost_at, start) = (desk.standing.known().ledger_lost, self.start);
        let line = self.line()?;
        // Another living node has either never lost the ledger, or has come back before and told.
        let first = line.come_alive().await?;
        line.show_start(start).await?;
        if let (true, Some(at)) = (first, lost_at) {
            let contacts = std::iter::once(LEDGER.to_owned()).chain(silent.iter().cloned()).collect();
            let back = silent.is_empty().then(|| desk.now());
            tell(&desk, ReportContact { lost: Some(Loss { contacts, at }), back }).await?;
        }
        let line = self.line()?;
        line.settle().await?;
        if self.has_contact {
            self.line()?.hold_contact().await?;
        }
        desk.learn_site().await
    }

    async fn silent_partners(&self) -> Vec<String> {
        silent_partners(self.desk.clone()).await
    }

    /// Draws from the partners' answers what holds for this node, and for the site.
    async fn judge_partners(&mut self, silent: &[String]) -> Result<(), Failure> {
        let desk = self.desk.clone();
        if silent.is_empty() {
            self.partners_good = self.partners_good.saturating_add(1);
            if !self.has_contact && self.partners_good >= desk.terms.contact.good {
                self.line()?.hold_contact().await?;
                self.has_contact = true;
            }
        } else {
            self.partners_good = 0;
            self.silent = silent.to_vec();
            if self.has_contact {
                self.line()?.let_contact_go().await?;
                self.has_contact = false;
                self.lost_since = desk.now();
            }
        }
        self.note_own_contact();
        let site_lost = desk.standing.known().outages.is_contact_lost();
        if self.has_contact && site_lost {
            tell(&desk, ReportContact { lost: None, back: Some(desk.now()) }).await?;
            desk.learn_site().await?;
        } else if !self.has_contact && !site_lost && self.line()?.nobody_has_contact().await? {
            let loss = Loss { contacts: self.silent.clone(), at: self.lost_since };
            tell(&desk, ReportContact { lost: Some(loss), back: None }).await?;
            desk.learn_site().await?;
        }
        Ok(())
    }

    /// A node without contact serves nobody, whether or not others do.
    fn note_own_contact(&self) {
        let cut_off = (!self.has_contact).then_some(self.lost_since);
        if self.desk.standing.known().cut_off != cut_off {
            self.desk.standing.change(|known| known.cut_off = cut_off);
        }
    }

    /// What is told from memory when the ledger is gone.
    async fn take_figures(&mut self) {
        if let Ok(line) = self.line()
            && let Ok(Ok(has_others)) = timeout(PROBE_WITHIN, line.has_others()).await
            && self.desk.standing.known().has_others != has_others
        {
            self.desk.standing.change(|known| known.has_others = has_others);
        }
        let _ = timeout(STEP_WITHIN, self.desk.learn_figures()).await;
        self.desk.front().await;
    }
}

/// The addresses of the partners that do not answer.
async fn silent_partners(desk: Arc<Desk>) -> Vec<String> {
    let asked =
        desk.terms.contact.partners.iter().map(|partner| async move { (partner, partner.answers().await) });
    join_all(asked)
        .await
        .into_iter()
        .filter(|(_, good)| !good)
        .map(|(partner, _)| partner.to_string())
        .collect()
}
