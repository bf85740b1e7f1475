//! What goes wrong, as two sentences: what failed with which path, and what to do.

use oz_core::OsBytes;
use zbus::message::{Header, Message};
use zbus::names::ErrorName;

/// Kinds of failure that a caller may tell apart; each is an error name on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request itself is wrong.
    InvalidArgument,
    /// No profile, sandbox or program of that number has this name.
    NotFound,
    /// A profile does not parse or resolve.
    Profile,
    /// A rule forbids it.
    Refused,
    /// The caller's session has no display that answers.
    NoDisplay,
    /// The sandbox could not be made.
    Launch,
    /// The program is not there inside.
    CommandNotFound,
    /// The program is there and cannot be executed.
    NotExecutable,
    /// The sandbox ended meanwhile.
    Gone,
    /// Something that had a deadline missed it.
    Timeout,
    /// A person cannot have decided that in so short a time.
    TooSoon,
    /// The host did not do what it should.
    Host,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "org.oz.Error.InvalidArgument",
            Self::NotFound => "org.oz.Error.NotFound",
            Self::Profile => "org.oz.Error.Profile",
            Self::Refused => "org.oz.Error.Refused",
            Self::NoDisplay => "org.oz.Error.NoDisplay",
            Self::Launch => "org.oz.Error.Launch",
            Self::CommandNotFound => "org.oz.Error.CommandNotFound",
            Self::NotExecutable => "org.oz.Error.NotExecutable",
            Self::Gone => "org.oz.Error.Gone",
            Self::Timeout => "org.oz.Error.Timeout",
            Self::TooSoon => "org.oz.Error.TooSoon",
            Self::Host => "org.oz.Error.Host",
        }
    }
}

/// A failure as a person and as a program sees it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// The two sentences, one a line.
    message: String,
}

/// Shorthand for what nearly everything here returns.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// `what` and `remedy` are sentences without a full stop; an empty remedy is left out.
    pub(crate) fn new(kind: Kind, what: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        let sentence = |text: &str| {
            let text = text.trim_end();
            if text.is_empty() || text.ends_with(['.', '!', '?']) || text.contains('\n') {
                text.to_owned()
            } else {
                format!("{text}.")
            }
        };
        let (what, remedy) = (sentence(what.as_ref()), sentence(remedy.as_ref()));
        let separator = if remedy.is_empty() { "" } else { "\n" };
        Self {
            kind,
            message: format!("{what}{separator}{remedy}"),
        }
    }

    /// The host refused a system call on a path of ours.
    pub(crate) fn host(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            Kind::Host,
            format!("cannot {action} {}: {error}", OsBytes::from(path)),
            "Check its owner, its permissions and the free space there, then try again",
        )
    }

    /// The sandbox went away under a request.
    pub(crate) fn gone(id: &oz_core::plan::SandboxId) -> Self {
        Self::new(
            Kind::Gone,
            format!("the sandbox {id} has ended"),
            format!("`oz logs {id}` shows its last words; `oz ps` lists what runs"),
        )
    }

    /// The sandbox is still there after it was killed.
    pub(crate) fn hangs(id: &oz_core::plan::SandboxId) -> Self {
        Self::new(
            Kind::Timeout,
            format!("the sandbox {id} did not end in time, not even when killed"),
            "A process in it hangs in the kernel, mostly on a file system that does not answer",
        )
    }

    /// The message on one line, for a status pipe or a log.
    pub(crate) fn line(&self) -> String {
        self.message.replace('\n', " ")
    }
}

impl zbus::DBusError for Failure {
    fn create_reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        Message::error(call, self.name()).build(&(&self.message,))
    }

    fn name(&self) -> ErrorName<'_> {
        ErrorName::from_static_str_unchecked(self.kind.name())
    }

    fn description(&self) -> Option<&str> {
        Some(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_valid_error_name() {
        for kind in [
            Kind::InvalidArgument,
            Kind::NotFound,
            Kind::Profile,
            Kind::Refused,
            Kind::NoDisplay,
            Kind::Launch,
            Kind::CommandNotFound,
            Kind::NotExecutable,
            Kind::Gone,
            Kind::Timeout,
            Kind::TooSoon,
            Kind::Host,
        ] {
            assert!(ErrorName::try_from(kind.name()).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn a_failure_is_two_sentences_and_shows_no_raw_bytes() {
        let error = std::io::Error::from_raw_os_error(13);
        let path = std::path::Path::new("/home/u/\u{1b}[2Jx");
        insta::assert_snapshot!(Failure::host("open", path, &error), @r"
        cannot open /home/u/\x1b[2Jx: Permission denied (os error 13).
        Check its owner, its permissions and the free space there, then try again.
        ");
    }
}
