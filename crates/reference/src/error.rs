//! Why bytes were refused: the same codes as `ts/errors.ts`.

use std::fmt;

/// A refusal; every text says what was expected and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not a `.dyad` file, or a damaged one (SPEC 6.1).
    Parse(String),
    /// A file of a later version (SPEC 6.5).
    Version(String),
    /// A well-formed file that is no valid network (SPEC 6.2 to 6.5).
    Invalid(String),
    /// Weights that break the accumulator clause (SPEC 2.4).
    Accumulator(String),
    /// Input codes that do not fit the graph.
    Argument(String),
    /// A file that cannot be read or written.
    File(String),
}

/// What fallible functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The stable code, as TypeScript spells it.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Parse(_) => "ERR_DYAD_PARSE",
            Error::Version(_) => "ERR_DYAD_VERSION",
            Error::Invalid(_) => "ERR_DYAD_INVALID",
            Error::Accumulator(_) => "ERR_ACCUMULATOR",
            Error::Argument(_) => "ERR_ARGUMENT",
            Error::File(_) => "ERR_FILE",
        }
    }

    /// The sentence without the code.
    pub fn message(&self) -> &str {
        match self {
            Error::Parse(text)
            | Error::Version(text)
            | Error::Invalid(text)
            | Error::Accumulator(text)
            | Error::Argument(text)
            | Error::File(text) => text,
        }
    }

    /// The same refusal, saying where it happened.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        let text = format!("{place}: {}", self.message());
        match self {
            Error::Parse(_) => Error::Parse(text),
            Error::Version(_) => Error::Version(text),
            Error::Invalid(_) => Error::Invalid(text),
            Error::Accumulator(_) => Error::Accumulator(text),
            Error::Argument(_) => Error::Argument(text),
            Error::File(_) => Error::File(text),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.code(), self.message())
    }
}

impl std::error::Error for Error {}
