//! New passwords: read from standard input, asked for at the terminal, or made.

use std::io::{IsTerminal, Read};

use clap::Args;
use clap::builder::BoolishValueParser;
use secrecy::{ExposeSecret, SecretString};

use crate::passwords::{PASSWORD_BYTES_MAX, password_fault};

use super::failed::Failed;

/// A password may come from here too.
const VARIABLE: &str = "DAYBOOK_PASSWORD";

/// Letters and digits that are not mistaken for each other; 32 of them, five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Where the password comes from; without an option it is asked for twice at the terminal, or taken from `DAYBOOK_PASSWORD`.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// Reads the password from standard input, up to the end of the first line.
    #[arg(long, env = "DAYBOOK_PASSWORD_STDIN", value_parser = BoolishValueParser::new())]
    #[arg(conflicts_with = "generate_password")]
    password_stdin: bool,
    /// Makes a password and prints it once.
    #[arg(long, env = "DAYBOOK_GENERATE_PASSWORD", value_parser = BoolishValueParser::new())]
    generate_password: bool,
}

/// A new password.
pub struct NewPassword {
    /// The password.
    pub password: SecretString,
    /// Whether it was made here, so that nobody knows it yet.
    pub generated: bool,
}

impl PasswordArgs {
    /// The new password of a user.
    pub fn choose(&self, name: &str) -> Result<NewPassword, Failed> {
        if self.generate_password {
            return Ok(NewPassword { password: generated(), generated: true });
        }
        let password = if self.password_stdin {
            from_standard_input()?
        } else if let Ok(password) = std::env::var(VARIABLE) {
            password.into()
        } else {
            asked(name)?
        };
        match password_fault(password.expose_secret()) {
            None => Ok(NewPassword { password, generated: false }),
            Some(fault) => Err(Failed::wrong(fault).next("--generate-password makes a good one.")),
        }
    }
}

fn from_standard_input() -> Result<SecretString, Failed> {
    let mut line = String::new();
    let longest = PASSWORD_BYTES_MAX as u64 + 2;
    std::io::stdin()
        .lock()
        .take(longest)
        .read_to_string(&mut line)
        .map_err(|error| Failed::wrong(format!("no password on standard input: {error}")))?;
    let first = line.split('\n').next().unwrap_or_default();
    Ok(first.strip_suffix('\r').unwrap_or(first).into())
}

fn asked(name: &str) -> Result<SecretString, Failed> {
    if !std::io::stdin().is_terminal() {
        return Err(Failed::misused("there is no terminal to ask for the password at").next(format!(
            "--password-stdin reads it, --generate-password makes one, and {VARIABLE} may hold it."
        )));
    }
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(SecretString::from)
            .map_err(|error| Failed::wrong(format!("no password was read: {error}")))
    };
    let first = ask(format!("Password for {name}: "))?;
    let second = ask("Once more: ".to_owned())?;
    if first.expose_secret() != second.expose_secret() {
        return Err(Failed::wrong("the two passwords differ; nothing was changed"));
    }
    Ok(first)
}

/// Four groups of five letters: 100 bits.
///
/// # Panics
/// When the system has no randomness; then nothing can be safe.
pub fn generated() -> SecretString {
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).expect("the system gives random bytes");
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    groups.join("-").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_password_is_long_and_new() {
        let [first, second] = [generated(), generated()];
        assert_eq!(first.expose_secret().len(), 23);
        assert_ne!(first.expose_secret(), second.expose_secret());
        assert_eq!(password_fault(first.expose_secret()), None);
    }
}
