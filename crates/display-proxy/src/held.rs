//! How many descriptors are open, and whose.
//!
//! A client can attach descriptors to requests that take none. They pile up in the library, which shows them to nobody: whose they are is
//! seen only by how many more are open after a client was read than before, beyond what its requests have taken.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::io::Errno;

/// The descriptors that a client's requests have brought and that are still of use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<AtomicUsize>);

/// Some of them.
#[derive(Debug)]
pub(crate) struct Holding {
    of: Held,
    many: usize,
}

impl Held {
    /// So many are held until this is dropped.
    pub(crate) fn hold(&self, many: usize) -> Holding {
        self.0.fetch_add(many, Ordering::Relaxed);
        Holding {
            of: self.clone(),
            many,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.of.0.fetch_sub(self.many, Ordering::Relaxed);
    }
}

/// Counts what this process has open.
#[derive(Debug)]
pub(crate) struct Open {
    /// The kernel's list, opened while that is possible.
    list: Option<File>,
}

/// How many are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Exactly(usize),
    AtLeast(usize),
}

impl Open {
    pub(crate) fn new() -> Self {
        let list = File::open("/proc/self/fd");
        Self { list: list.ok() }
    }

    /// An error if there can be no more.
    pub(crate) fn count(&self, any: impl AsFd) -> Result<Count, Errno> {
        // Since Linux 6.2 the size of the list is how long it is.
        let size = self
            .list
            .as_ref()
            .and_then(|list| rustix::fs::fstat(list).ok());
        match size.map(|stat| usize::try_from(stat.st_size)) {
            Some(Ok(size)) if size > 0 => {
                // Where there may be no more, that is asked.
                if size > 512 {
                    at_least(any)?;
                }
                Ok(Count::Exactly(size))
            }
            _ => at_least(any),
        }
    }
}

/// All numbers below the lowest that is free are in use.
fn at_least(any: impl AsFd) -> Result<Count, Errno> {
    let free = rustix::io::fcntl_dupfd_cloexec(any, 0)?;
    Ok(Count::AtLeast(
        usize::try_from(free.as_raw_fd()).unwrap_or(0),
    ))
}

impl Count {
    /// How many these are more than are expected. Of those that are above a number that is free nothing is known: then there are
    /// no fewer than none.
    pub(crate) fn beyond(self, expected: usize) -> isize {
        let less = |open: usize| {
            isize::try_from(open).unwrap_or(isize::MAX)
                - isize::try_from(expected).unwrap_or(isize::MAX)
        };
        match self {
            Self::Exactly(open) => less(open),
            Self::AtLeast(open) => less(open).max(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_until_it_is_let_go_of() {
        let held = Held::default();
        let two = held.hold(2);
        drop(held.hold(1));
        assert_eq!(held.count(), 2);
        drop(two);
        assert_eq!(held.count(), 0);
    }

    #[test]
    fn what_is_open_is_counted_whether_the_kernel_does_or_not() {
        // Other tests of this program open some as well: a few make no difference to so many.
        let open = Open::new();
        let any = File::open("/dev/null").unwrap();
        let before = open.count(&any).unwrap();
        let _more: Vec<_> = (0..500).map(|_| any.try_clone().unwrap()).collect();
        for after in [open.count(&any).unwrap(), at_least(&any).unwrap()] {
            let more = match (before, after) {
                (Count::Exactly(before), Count::Exactly(after)) => after - before,
                (_, Count::AtLeast(after)) => after,
                other => panic!("{other:?}"),
            };
            assert!((450..700).contains(&more), "{more}");
        }
    }

    #[test]
    fn who_fills_a_gap_brings_no_more_than_is_seen_to_be_too_much() {
        // A gap at 50 that is filled, below 450 of others: nothing is known before.
        assert_eq!(Count::AtLeast(50).beyond(500), 0);
        assert_eq!(Count::AtLeast(500).beyond(501), 0);
        assert_eq!(Count::AtLeast(700).beyond(501), 199);
        assert_eq!(Count::Exactly(50).beyond(60), -10);
    }
}
