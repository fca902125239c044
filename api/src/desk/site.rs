//! What a node learns about the site, so that it can be told without asking anybody.

use projections::Moment;

use super::{Desk, Failure};

impl Desk {
    /// The schema of the ledger; the last one in which names are looked up.
    pub fn schema(&self) -> &str {
        self.ledger.settings().search_path.last().map_or("", String::as_str)
    }

    /// Looks at what concerns everybody.
    pub async fn with_site<T>(&self, look: impl FnOnce(&domain::Site) -> T) -> Result<T, Failure> {
        Ok(look(&self.site.read(&self.ledger).await?.tip))
    }

    /// Takes the state of the site into memory, with everything that this node has decided or heard of.
    pub async fn learn_site(&self) -> Result<(), Failure> {
        // One after the other, so that an older state never takes the place of a newer one.
        let _turn = self.learning.lock().await;
        let outages = self.with_site(|site| site.outages().clone()).await?;
        let author = outages.current().and_then(|outage| outage.by);
        let by = match author {
            Some(who) => Some(self.with_accounts(|accounts| accounts.name_of(who)).await?),
            None => None,
        };
        let known = self.standing.known();
        if known.outages != outages || known.by != by {
            self.standing.change(|known| (known.outages, known.by) = (outages, by));
        }
        Ok(())
    }

    /// The same, also with what another node has written a moment ago.
    pub async fn refresh_site(&self) -> Result<(), Failure> {
        self.site.refresh(&self.ledger).await?;
        self.learn_site().await
    }

    /// Takes into memory how many are logged in and how many were refused.
    pub async fn learn_figures(&self) -> Result<(), Failure> {
        let pool = self.projections.pool();
        let users = projections::outage::users_logged_in(pool, Moment::Now).await?;
        let known = self.standing.known();
        let refused = match known.outages.current() {
            Some(outage) => projections::outage::refused_logins(pool, outage.id, Moment::Now).await?,
            None => 0,
        };
        if (known.users, known.refused_logins) != (users, refused) {
            self.standing.change(|known| (known.users, known.refused_logins) = (users, refused));
        }
        Ok(())
    }
}
