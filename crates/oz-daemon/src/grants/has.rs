//! What a sandbox has of the user's files, at the paths that they have on the host.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use oz_core::OsBytes;
use oz_core::plan::Access;

use super::change::hidden;
use super::{Grant, rules};
use crate::daemon::Daemon;
use crate::sandbox::Sandbox;

/// All of one sandbox.
pub(crate) struct Has<'a> {
    daemon: &'a Daemon,
    sandbox: &'a Sandbox,
    files: Arc<[Grant]>,
    /// What is hidden in a directory that it has: it takes a look at the host.
    hidden: RefCell<BTreeMap<(OsBytes, Access), Vec<OsBytes>>>,
}

impl<'a> Has<'a> {
    pub(crate) fn of(daemon: &'a Daemon, sandbox: &'a Sandbox) -> Self {
        Self {
            daemon,
            sandbox,
            files: sandbox.files(),
            hidden: RefCell::default(),
        }
    }

    /// How the host's file of a canonical path is at that path in the sandbox, if it is.
    pub(crate) fn access(&self, path: &Path) -> Option<Access> {
        // Sorted by path, so the longest comes last, and it decides.
        let mut above = self.files.iter().rev().filter(|grant| {
            let place = grant.path.as_path();
            path == place || (grant.identity.directory && path.starts_with(place))
        });
        match above.next() {
            Some(grant) if grant.path.as_path() == path => Some(grant.access),
            Some(grant) => (!self.hides(grant, path)).then_some(grant.access),
            None => [Access::Write, Access::Read]
                .into_iter()
                .find(|access| rules::shown_by(&self.sandbox.plan, path, *access)),
        }
    }

    fn hides(&self, grant: &Grant, path: &Path) -> bool {
        let mut known = self.hidden.borrow_mut();
        let places = known
            .entry((grant.path.clone(), grant.access))
            .or_insert_with(|| {
                // One that may not be shown any more shows nothing.
                hidden(self.daemon, self.sandbox, &grant.path, grant.access)
                    .unwrap_or_else(|_| vec![grant.path.clone()])
            });
        places.iter().any(|place| path.starts_with(place.as_path()))
    }
}
