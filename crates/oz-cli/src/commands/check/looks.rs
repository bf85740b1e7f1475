//! What is looked at from outside. Adding a look is adding an entry to the table.

mod control_group;
mod files;
mod identifiers;
mod mounts;
mod processes;
mod services;

use std::path::Path;

use oz_core::report::{State, Wall};
use oz_core::wire::check::Finding;

use super::verdict::From;
use super::view::View;

/// Something to look at.
struct Look {
    /// Which wall it shows.
    wall: Wall,
    /// What is to be seen if that holds.
    claim: &'static str,
    /// Looks.
    run: fn(&View) -> Seen,
}

/// Whether it was to be seen.
struct Seen {
    state: State,
    detail: String,
}

const LOOKS: &[&[Look]] = &[
    files::LOOKS,
    mounts::LOOKS,
    processes::NAMESPACES,
    processes::LOOKS,
    control_group::LOOKS,
    services::LOOKS,
    identifiers::LOOKS,
];

/// Looks at everything.
pub(super) fn all(view: &View) -> Vec<(From, Finding)> {
    let looks = LOOKS.iter().copied().flatten();
    looks
        .map(|look| {
            let seen = (look.run)(view);
            let finding = Finding {
                wall: look.wall,
                claim: look.claim.to_owned(),
                state: seen.state,
                detail: seen.detail,
            };
            (From::Outside, finding)
        })
        .collect()
}

impl Seen {
    fn good(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            state: State::Enforced,
            detail,
        }
    }

    fn bad(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            state: State::Not,
            detail,
        }
    }

    /// Good if nothing was found that should not be there.
    fn nothing(found: &[String]) -> Self {
        match found {
            [] => Self::good("nothing found"),
            some => Self::bad(some.join(", ")),
        }
    }
}

/// A path for people.
fn shown(path: &Path) -> String {
    oz_core::OsBytes::from(path).to_string()
}
