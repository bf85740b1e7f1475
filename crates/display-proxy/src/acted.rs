//! When the user last did something in a window of the sandbox, for the daemon: some things that an app asks for are
//! done at once only right after that.
//!
//! It is noted in a file that the daemon reads when it wants to know, because nobody has to be woken up for a key.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::time::ClockId;
use tracing::warn;

/// The file.
#[derive(Debug, Default)]
pub(crate) struct Acted(Option<OwnedFd>);

impl Acted {
    /// Opens it, if there is one.
    pub(crate) fn open(path: Option<&Path>) -> Self {
        let opened = path.map(|path| OpenOptions::new().write(true).open(path));
        match opened.transpose() {
            Ok(file) => Self(file.map(OwnedFd::from)),
            Err(error) => {
                warn!(%error, "what the user does cannot be noted");
                Self(None)
            }
        }
    }

    /// Notes that it was now: nanoseconds of the clock that nobody can set.
    pub(crate) fn now(&self) {
        let Some(file) = &self.0 else { return };
        let now = rustix::time::clock_gettime(ClockId::Monotonic);
        let nanoseconds = now
            .tv_sec
            .wrapping_mul(1_000_000_000)
            .wrapping_add(now.tv_nsec);
        if let Err(error) = rustix::io::pwrite(file, &nanoseconds.to_ne_bytes(), 0) {
            warn!(%error, "what the user does cannot be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_is_in_the_file() {
        let path = std::env::temp_dir().join(format!("oz-acted-{}", std::process::id()));
        std::fs::write(&path, []).unwrap();
        let acted = Acted::open(Some(&path));
        acted.now();
        let first = std::fs::read(&path).unwrap();
        acted.now();
        let second = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let number = |bytes: Vec<u8>| i64::from_ne_bytes(bytes.try_into().unwrap());
        let (first, second) = (number(first), number(second));
        assert!(0 < first && first <= second);
    }
}
