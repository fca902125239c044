//! Passwords: argon2id in a bounded pool, with the same work for names that nobody has.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// The shortest password, in characters.
pub const PASSWORD_LENGTH_MIN: usize = 8;
/// The longest password, in bytes, so that nobody makes the service hash a book.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// Hashes and checks passwords, a few at a time: each takes some ten milliseconds and 19 MiB.
pub struct Passwords {
    turns: Semaphore,
    /// The hash of a password that nobody knows, checked where there is no user, so that both take the same time.
    nobody: String,
}

/// Hashing failed, which only a lack of memory or randomness can make it do.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct HashFailed(String);

/// Too many passwords are waiting to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many log-ins at once")]
pub struct TooManyAtOnce;

/// How many may wait for their turn.
const WAITING_MAX: usize = 512;

/// How many do.
static WAITING: AtomicUsize = AtomicUsize::new(0);

impl Passwords {
    /// A pool with one turn for each core.
    pub fn new() -> Result<Passwords, HashFailed> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let mut unknown = [0_u8; 32];
        getrandom::fill(&mut unknown).map_err(|error| HashFailed(error.to_string()))?;
        Ok(Passwords { turns: Semaphore::new(cores), nobody: hash_now(&unknown)? })
    }

    /// The hash of a new password, as a PHC string.
    pub async fn hash(&self, password: SecretString) -> Result<String, HashFailed> {
        let _turn = self.turns.acquire().await.map_err(|error| HashFailed(error.to_string()))?;
        tokio::task::spawn_blocking(move || hash_now(password.expose_secret().as_bytes()))
            .await
            .map_err(|error| HashFailed(error.to_string()))?
    }

    /// Whether a password belongs to a hash; without a hash the answer is no, after the same work.
    pub async fn fits(&self, password: SecretString, hash: Option<String>) -> Result<bool, TooManyAtOnce> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let _place = Place::take(&WAITING)?;
        let Ok(_turn) = self.turns.acquire().await else { return Err(TooManyAtOnce) };
        let checked = tokio::task::spawn_blocking(move || {
            let parsed = PasswordHash::new(&hash);
            parsed.is_ok_and(|hash| {
                Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
            })
        });
        Ok(checked.await.unwrap_or(false) && known)
    }
}

/// One of the places in the queue.
struct Place(&'static AtomicUsize);

impl Place {
    fn take(waiting: &'static AtomicUsize) -> Result<Place, TooManyAtOnce> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(TooManyAtOnce);
        }
        Ok(Place(waiting))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn hash_now(password: &[u8]) -> Result<String, HashFailed> {
    let hash = Argon2::default().hash_password(password).map_err(|error| HashFailed(error.to_string()))?;
    Ok(hash.to_string())
}

/// What is wrong with a password as a new one.
pub fn password_fault(password: &str) -> Option<String> {
    if password.chars().count() < PASSWORD_LENGTH_MIN {
        return Some(format!("a password has at least {PASSWORD_LENGTH_MIN} characters"));
    }
    (password.len() > PASSWORD_BYTES_MAX)
        .then(|| format!("a password has at most {PASSWORD_BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_fits_and_nobody_has_none() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".to_owned().into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert_eq!(passwords.fits("correct horse".to_owned().into(), Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.fits("correct house".to_owned().into(), Some(hash)).await, Ok(false));
        assert_eq!(passwords.fits("correct horse".to_owned().into(), None).await, Ok(false));
    }
}
