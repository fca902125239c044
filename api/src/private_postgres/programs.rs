//! The programs of PostgreSQL: where they are and which version they have.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{OtherMajor, PrivatePostgresError};

/// The oldest major version that Daybook runs on.
pub(super) const OLDEST: u32 = 15;

/// The directory of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) bin: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The programs for a cluster: those of its own major version if it has one, else the newest.
    ///
    /// An explicit directory is the only one looked at; else those of the distribution, then the PATH.
    pub(super) fn find(bin_dir: Option<&Path>, cluster: &Path) -> Result<Self, PrivatePostgresError> {
        let written_by = match std::fs::read_to_string(cluster.join("PG_VERSION")) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(PrivatePostgresError::io("read", cluster.join("PG_VERSION"), error)),
        };
        let mut looked = Vec::new();
        let mut found = Vec::new();
        for bin in candidates(bin_dir) {
            match major_of(&bin) {
                Ok(major) if major >= OLDEST => found.push(Self { bin, major }),
                Ok(major) => looked.push(format!("{} (version {major})", bin.display())),
                Err(reason) => looked.push(format!("{} ({reason})", bin.display())),
            }
        }
        // The sort is stable: of two installations with one version the one looked at first wins.
        found.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        if bin_dir.is_none() {
            looked.push("/usr/lib/postgresql/*/bin".to_owned());
            looked.push("PATH".to_owned());
        }
        let Some(newest) = found.first().cloned() else {
            return Err(PrivatePostgresError::ProgramsMissing { oldest: OLDEST, looked });
        };
        let Some(written_by) = written_by else { return Ok(newest) };
        found.into_iter().find(|programs| programs.major.to_string() == written_by).ok_or_else(|| {
            PrivatePostgresError::OtherMajor(Box::new(OtherMajor {
                cluster: cluster.to_owned(),
                written_by,
                found: newest.major,
                bin: newest.bin,
            }))
        })
    }

    /// The path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

fn candidates(bin_dir: Option<&Path>) -> Vec<PathBuf> {
    if let Some(bin) = bin_dir {
        return vec![std::path::absolute(bin).unwrap_or_else(|_| bin.to_owned())];
    }
    let mut bins: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("postgres").exists())
        .collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    bins.extend(
        std::env::split_paths(&path).filter(|bin| bin.is_absolute() && bin.join("postgres").exists()),
    );
    bins
}

/// Asks the server's program, because the name of its directory proves nothing.
fn major_of(bin: &Path) -> Result<u32, String> {
    if !bin.join("initdb").exists() {
        return Err("no initdb in it".to_owned());
    }
    let output =
        Command::new(bin.join("postgres")).arg("--version").output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_major(&text).ok_or_else(|| format!("its version is unreadable: {}", text.trim()))
}

fn parse_major(version: &str) -> Option<u32> {
    let after = version.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_program_says() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("something else 15"), None);
    }
}
