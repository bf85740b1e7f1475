//! Why a command failed: one sentence what, one what to do.

use std::fmt;
use std::io;

use zbus::DBusError;

/// The command failed.
const FAILED: u8 = 1;
/// It was not understood.
pub(crate) const USAGE: u8 = 2;
/// There is no sandbox.
pub(crate) const NO_SANDBOX: u8 = 125;
/// The program cannot be executed.
const NOT_EXECUTABLE: u8 = 126;
/// The program is not there.
const NOT_FOUND: u8 = 127;

/// Shorthand.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure.
#[derive(Debug)]
pub(crate) struct Error {
    what: String,
    /// May be empty.
    remedy: String,
    code: u8,
    /// The bus's name for it.
    name: Option<String>,
    /// It is about a program that ran.
    ran: bool,
    broken_pipe: bool,
    /// The session bus takes no connection.
    no_bus: bool,
}

impl Error {
    pub(crate) fn failed(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
            code: FAILED,
            name: None,
            ran: false,
            broken_pipe: false,
            no_bus: false,
        }
    }

    /// The session bus takes no connection.
    pub(crate) fn no_bus(why: impl fmt::Display) -> Self {
        Self {
            no_bus: true,
            ..Self::failed(
                format!("cannot talk to the session bus: {why}."),
                "Run `oz` within a desktop session, or under dbus-run-session.",
            )
        }
    }

    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code: USAGE,
            ..Self::failed(what, remedy)
        }
    }

    /// A program ran, and its sandbox went away under it.
    pub(crate) fn ended(what: impl Into<String>) -> Self {
        Self {
            ran: true,
            ..Self::failed(what, "")
        }
    }

    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    pub(crate) fn is_no_bus(&self) -> bool {
        self.no_bus
    }

    /// Whether the daemon gave it this name, without `org.oz.Error.`.
    pub(crate) fn is(&self, name: &str) -> bool {
        let own = self
            .name
            .as_deref()
            .and_then(|name| name.strip_prefix("org.oz.Error."));
        own == Some(name)
    }

    /// Whether the bus itself gave it this name, without `org.freedesktop.DBus.Error.`.
    pub(crate) fn is_dbus(&self, name: &str) -> bool {
        let prefix = "org.freedesktop.DBus.Error.";
        let own = self
            .name
            .as_deref()
            .and_then(|name| name.strip_prefix(prefix));
        own == Some(name)
    }

    /// The same, for a command that runs a program: it says so by its code.
    pub(crate) fn of_a_launch(mut self) -> Self {
        self.code = if self.is("CommandNotFound") {
            NOT_FOUND
        } else if self.is("NotExecutable") {
            NOT_EXECUTABLE
        } else if self.ran || self.code == USAGE {
            self.code
        } else {
            NO_SANDBOX
        };
        self
    }

    /// An error whose text has its advice behind a colon.
    pub(crate) fn advised(error: &impl fmt::Display) -> Self {
        let text = error.to_string();
        let (what, remedy) = text.rsplit_once(": ").unwrap_or((&text, ""));
        let mut letters = remedy.chars();
        let remedy = letters.next().map_or(String::new(), |first| {
            format!("{}{}.", first.to_uppercase(), letters.as_str())
        });
        Self::failed(format!("{what}."), remedy)
    }

    /// What the daemon answered, or that it did not.
    pub(crate) fn from_bus(error: zbus::Error) -> Self {
        let (name, text) = match &error {
            zbus::Error::MethodError(name, text, _) => {
                (name.to_string(), text.clone().unwrap_or_default())
            }
            zbus::Error::FDO(error) => {
                let text = error.description().unwrap_or_default();
                (error.name().to_string(), text.to_owned())
            }
            _ => return Self::no_bus(error),
        };
        Self::named(name, &text)
    }

    /// What the daemon, or the bus for it, calls an error, and says of it.
    pub(crate) fn named(name: String, text: &str) -> Self {
        let (what, remedy) = match name.strip_prefix("org.freedesktop.DBus.Error.") {
            None => split(text),
            Some("NoReply" | "NameHasNoOwner" | "Disconnected") => (
                "the daemon ended before it answered.",
                "`oz ps` shows what runs; what ran goes on.",
            ),
            Some(short) if short == "ServiceUnknown" || short.starts_with("Spawn") => (
                "the session bus cannot start the daemon of Oz.",
                "Install Oz for this session: its service file org.oz.Oz1.service must name its daemon.",
            ),
            Some(_) => (text, "The daemon and `oz` may be of different versions."),
        };
        Self {
            name: Some(name.clone()),
            ..Self::failed(what, remedy)
        }
    }
}

/// The last line is what to do, unless the text is a drawing.
fn split(text: &str) -> (&str, &str) {
    match text.split_once('\n') {
        Some((what, remedy)) if !remedy.contains('\n') => (what, remedy),
        _ => (text, ""),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.remedy.is_empty() {
            write!(f, "\n{}", self.remedy)?;
        }
        Ok(())
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self {
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::failed(format!("cannot write the output: {error}."), "")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> u8 {
        let error = Error {
            name: Some(name.to_owned()),
            ..Error::failed("x", "")
        };
        error.of_a_launch().code()
    }

    #[test]
    fn a_launch_says_by_its_code_why_there_is_no_program() {
        assert_eq!(named("org.oz.Error.Launch"), 125);
        assert_eq!(named("org.oz.Error.NoDisplay"), 125);
        assert_eq!(named("org.oz.Error.NotExecutable"), 126);
        assert_eq!(named("org.oz.Error.CommandNotFound"), 127);
        assert_eq!(Error::usage("x", "").of_a_launch().code(), 2);
    }

    #[test]
    fn a_drawing_stays_whole_and_two_sentences_are_two() {
        assert_eq!(split("a.\nb."), ("a.", "b."));
        assert_eq!(split("a\n --> b\n  | c"), ("a\n --> b\n  | c", ""));
    }
}
