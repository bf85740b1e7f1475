//! How an attack went.

use std::io::Error;

/// What was got, or why nothing was.
pub type Outcome = Result<String, Stop>;

/// Why an attack got nothing.
#[derive(Debug)]
pub enum Stop {
    /// Something stood in its way.
    Refused(String),
    /// This machine has not what it is about.
    Untried(String),
}

/// It was refused, and says by what.
pub fn refused<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused(why.into()))
}

/// There is nothing here to try it on.
pub fn untried<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Untried(why.into()))
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        let number = error.raw_os_error().unwrap_or(0);
        Self::Refused(format!("{} {error}", name(number)))
    }
}

impl From<rustix::io::Errno> for Stop {
    fn from(error: rustix::io::Errno) -> Self {
        Error::from(error).into()
    }
}

/// The errors that tests tell apart.
pub fn name(errno: i32) -> String {
    match errno {
        libc::EPERM => "EPERM".into(),
        libc::EACCES => "EACCES".into(),
        libc::ENOSYS => "ENOSYS".into(),
        libc::ENOENT => "ENOENT".into(),
        libc::EROFS => "EROFS".into(),
        libc::ESRCH => "ESRCH".into(),
        libc::EIO => "EIO".into(),
        libc::ENOSPC => "ENOSPC".into(),
        other => format!("errno-{other}"),
    }
}

/// The first of several ways that gets something, else why the last one did not.
pub fn first(ways: impl IntoIterator<Item = Outcome>) -> Outcome {
    let mut last = untried("no way to try it");
    for way in ways {
        if way.is_ok() {
            return way;
        }
        last = way;
    }
    last
}
