//! What is made of an attempt.

use std::io;

use oz_core::report::State;
use rustix::io::Errno;

/// Whether a wall held, and what was seen.
pub struct Verdict {
    pub state: State,
    pub detail: String,
}

impl Verdict {
    pub fn holds(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            state: State::Enforced,
            detail,
        }
    }

    pub fn broken(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            state: State::Not,
            detail,
        }
    }

    /// Holds if nothing was found that should not be there.
    pub fn nothing(found: &[String]) -> Self {
        match found {
            [] => Self::holds("nothing found"),
            some => Self::broken(some.join(", ")),
        }
    }

    /// Of a call that must be refused: by the filter or for want of a right. Any other error means that the
    /// kernel had a look at its arguments.
    pub fn of_call<T>(result: io::Result<T>) -> Self {
        let refusals = [Errno::PERM, Errno::NOSYS, Errno::ACCESS];
        match result {
            Ok(_) => Self::broken("it was done"),
            Err(error) => match Errno::from_io_error(&error) {
                Some(errno) if refusals.contains(&errno) => Self::holds(name(errno)),
                Some(errno) => Self::broken(format!("the kernel tried: {}", name(errno))),
                None => Self::broken(error.to_string()),
            },
        }
    }

    /// Of something that must fail, for whatever reason.
    pub fn of_failure<T>(result: io::Result<T>) -> Self {
        match result {
            Ok(_) => Self::broken("it was done"),
            Err(error) => match Errno::from_io_error(&error) {
                Some(errno) => Self::holds(name(errno)),
                None => Self::holds(error.to_string()),
            },
        }
    }
}

/// The error as people who look things up know it.
fn name(errno: Errno) -> String {
    let name = match errno {
        Errno::PERM => "EPERM",
        Errno::NOSYS => "ENOSYS",
        Errno::ACCESS => "EACCES",
        Errno::NOENT => "ENOENT",
        Errno::ROFS => "EROFS",
        Errno::NETUNREACH => "ENETUNREACH",
        Errno::CONNREFUSED => "ECONNREFUSED",
        _ => return io::Error::from(errno).to_string(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_a_refusal() {
        let state = |errno: Errno| Verdict::of_call(Err::<(), _>(errno.into())).state;
        assert_eq!(state(Errno::PERM), State::Enforced);
        assert_eq!(state(Errno::NOSYS), State::Enforced);
        assert_eq!(state(Errno::FAULT), State::Not);
        assert_eq!(Verdict::of_call(Ok(())).state, State::Not);
    }
}
