//! Which names are granted, and how each stands.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use oz_core::OsBytes;
use oz_core::wire::files::Name;
use rustix::fs::FileType;

use super::host::Draft;
use super::outside::Stamp;
use super::{ROOT, View};

/// How a granted name stands inside.
#[derive(Debug)]
pub(crate) enum State {
    /// It is the host's file, if there is one.
    Shown,
    /// The program has removed it or moved it away. The host's file stays as it is.
    Vacant,
    /// The program has made it anew and not finished writing.
    Draft(Draft),
}

#[derive(Debug)]
struct Grant {
    state: State,
    companion: bool,
    /// What the host's file was when it was looked at last, or when the sandbox changed it.
    stamp: Option<Stamp>,
}

/// All granted names.
#[derive(Debug, Default)]
pub(crate) struct Grants(BTreeMap<OsString, Grant>);

impl Grants {
    pub(crate) fn has(&self, name: &OsStr) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.0.keys().map(OsString::as_os_str)
    }

    pub(crate) fn state(&self, name: &OsStr) -> &State {
        self.0
            .get(name)
            .map_or(&State::Vacant, |grant| &grant.state)
    }

    /// Files that a program makes and removes on the host itself.
    pub(crate) fn is_companion(&self, name: &OsStr) -> bool {
        self.0.get(name).is_some_and(|grant| grant.companion)
    }

    /// Notes what a file is now; what it was.
    pub(crate) fn stamp(&mut self, name: &OsStr, now: Option<Stamp>) -> Option<Stamp> {
        let grant = self.0.get_mut(name)?;
        std::mem::replace(&mut grant.stamp, now)
    }

    /// Changes how a name stands; the former state.
    pub(crate) fn set(&mut self, name: &OsStr, state: State) -> Option<State> {
        let grant = self.0.get_mut(name)?;
        Some(std::mem::replace(&mut grant.state, state))
    }
}

/// What has changed for the kernel.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Names that the kernel knew as the sandbox's own and that stand for the host's files now.
    pub(crate) covered: Vec<OsString>,
    /// Numbers of files that are granted no longer.
    pub(crate) gone: Vec<u64>,
    /// Names that cannot be shown, because another file had their place.
    pub(crate) replaced: Vec<OsBytes>,
}

impl View {
    /// Grants just these names. What is open of a name that is no longer granted is of no more use.
    pub(crate) fn grant(&mut self, names: &[Name]) -> Changed {
        let mut changed = Changed::default();
        let gone = |name: &&OsStr| names.iter().all(|one| one.name.as_os_str() != *name);
        let gone: Vec<_> = self
            .grants
            .names()
            .filter(gone)
            .map(OsStr::to_owned)
            .collect();
        for name in gone {
            changed.gone.extend(self.take_back(&name));
        }
        for one in names {
            let name = one.name.as_os_str();
            if self.grants.has(name) {
                continue;
            }
            if !self.is_same(one) {
                changed.replaced.push(one.name.clone());
                continue;
            }
            if let Err(error) = self.host.sweep(name) {
                tracing::debug!(%error, "cannot look for what a crash has left");
            }
            // What the sandbox had at this name is covered.
            let known = self.forget_name(name);
            changed.covered.extend(known.map(|_| name.to_owned()));
            let grant = Grant {
                state: State::Shown,
                companion: one.companion,
                stamp: None,
            };
            self.grants.0.insert(name.to_owned(), grant);
            self.own_change(name);
        }
        changed
    }

    fn is_same(&self, one: &Name) -> bool {
        let Some(identity) = one.identity else {
            return true;
        };
        self.host.stat(one.name.as_os_str()).is_ok_and(|stat| {
            let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            (stat.st_dev, stat.st_ino, !regular)
                == (identity.device, identity.inode, identity.directory)
        })
    }

    fn take_back(&mut self, name: &OsStr) -> Option<u64> {
        if let Some(State::Draft(draft)) = self.grants.set(name, State::Vacant) {
            self.host.discard(draft);
        }
        let ino = self.nodes.known(ROOT, name);
        if let Some(ino) = ino {
            self.handles.point(ino, |_| None);
        }
        self.grants.0.remove(name);
        self.forget_name(name);
        ino
    }

    fn forget_name(&mut self, name: &OsStr) -> Option<u64> {
        let ino = self.nodes.known(ROOT, name);
        self.nodes.detach(ROOT, name);
        ino
    }
}
