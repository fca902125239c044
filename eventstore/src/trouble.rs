//! What an error of the database means for an append.

/// What is to be done about an error.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The connection is gone, and with it the answer: whether it was written has to be found out.
    Lost(sqlx::Error),
    /// Not written, but the next try may do better: a lock waited for too long, a full disk, a server that stops.
    Passing(sqlx::Error),
    /// Not written, and never will be.
    Lasting(sqlx::Error),
}

impl Trouble {
    pub(crate) fn of(error: sqlx::Error) -> Self {
        let Some(code) = error.as_database_error().map(|cause| cause.code().unwrap_or_default().into_owned())
        else {
            return Self::Lost(error);
        };
        // A session that is ended from outside may be ended just after its commit.
        if code.starts_with("57P") || code.starts_with("08") {
            return Self::Lost(error);
        }
        match code.get(..2) {
            Some("25" | "40" | "53" | "55" | "57" | "58") => Self::Passing(error),
            _ => Self::Lasting(error),
        }
    }

    /// The call took longer than it may.
    pub(crate) fn timed_out() -> Self {
        Self::Lost(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Lost(error) | Self::Passing(error) | Self::Lasting(error)) = self;
        error.fmt(f)
    }
}
