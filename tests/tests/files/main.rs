//! Files of the user: what a sandbox is given when it starts and while it runs, what it is refused.

mod arguments;
mod crashes;
mod folders;
mod hostile;
mod lifetimes;
mod listing;
mod live;
mod names;
mod refusals;
mod running_editor;
mod saving;
mod siblings;
mod swapped;
mod watching;

use std::path::Path;

use oz_e2e::{Inside, Ran, Run, oz};

/// A sandbox that just stays, to give things to.
fn sleeper() -> Inside {
    Inside::start(&["--", "sleep", "1000"])
}

/// `oz add ID … PATH`.
fn add(to: &Inside, options: &[&str], path: impl AsRef<Path>) -> Run {
    oz(["add", to.id()]).args(options).arg(path.as_ref())
}

/// `oz remove ID PATH`.
fn remove(from: &Inside, path: impl AsRef<Path>) -> Ran {
    oz(["remove", from.id()]).arg(path.as_ref()).run()
}
