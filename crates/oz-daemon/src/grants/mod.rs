//! Files of the user that a running sandbox holds: which, with what access, why, since when.

pub(crate) mod change;
pub(crate) mod drops;
pub(crate) mod expiry;
pub(crate) mod has;
mod helper;
pub(crate) mod lasting;
mod mounted;
pub(crate) mod open;
pub(crate) mod rules;
pub(crate) mod views;

use std::path::Path;
use std::sync::Arc;

use oz_core::OsBytes;
use oz_core::plan::Access;
use oz_core::wire::mount::{Granted, Identity};
use serde::{Deserialize, Serialize};

use views::View;

/// Why a sandbox holds a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// It was named on the command line of a launch.
    Argument,
    /// It was added to the running sandbox.
    Added,
    /// The person picked it in a dialog that the app asked for.
    Dialog,
    /// What was named on the command line is in it, and the profile shows what is beside that.
    Beside,
    /// It was dropped on a window.
    Dropped,
    /// Another app, which has it, let this one open it.
    Opened,
    /// As [`Added`](Self::Added), in the panel.
    Panel,
}

impl Origin {
    /// Why, for people.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Argument => "it was named when the app was started",
            Self::Added => "it was added while the app ran, or for good",
            Self::Dialog => "it was picked in a dialog that the app asked for",
            Self::Beside => "a file in it was named, and the profile shows what is beside that",
            Self::Dropped => "it was dropped on a window of the app",
            Self::Opened => "another app that has it opened it with this one",
            Self::Panel => "it was added in the panel",
        }
    }

    /// The word on the bus.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Added => "cli",
            Self::Dialog => "dialog",
            Self::Beside => "beside",
            Self::Dropped => "drop",
            Self::Opened => "opened",
            Self::Panel => "panel",
        }
    }

    /// Where a person says that files are added, by the word on the bus.
    pub(crate) fn of_person(word: &str) -> Option<Self> {
        let all = [Self::Added, Self::Panel];
        all.into_iter().find(|origin| origin.word() == word)
    }

    /// A person has given it to the running sandbox on purpose.
    pub(crate) fn is_on_purpose(self) -> bool {
        matches!(self, Self::Added | Self::Panel)
    }
}

/// How long a sandbox holds a file, unless it is taken back before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lifetime {
    /// As long as it runs.
    #[default]
    Sandbox,
    /// Until so many seconds since 1970.
    Until(u64),
    /// For good: each sandbox of the profile gets it.
    Lasting,
}

/// The word on the bus.
pub(crate) fn access_word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}

/// A file or directory that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) path: OsBytes,
    pub(crate) identity: Identity,
    pub(crate) access: Access,
    pub(crate) origin: Origin,
    /// Seconds since 1970.
    pub(crate) since: u64,
    pub(crate) lifetime: Lifetime,
    pub(crate) shown: Shown,
}

/// How a grant is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shown {
    /// By a mount of its own, and what the helper needs to take it back.
    Mount(Granted),
    /// By the view of its directory: it can be replaced by a rename.
    View,
}

/// All of one sandbox, sorted by path, and the views that show some of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store(Vec<Grant>, Vec<Arc<View>>);

impl Store {
    pub(crate) fn restore(&mut self, grants: Vec<Grant>, views: Vec<View>) {
        self.0 = grants;
        self.1 = views.into_iter().map(Arc::new).collect();
    }

    pub(crate) fn list(&self) -> &[Grant] {
        &self.0
    }

    pub(crate) fn views(&self) -> &[Arc<View>] {
        &self.1
    }

    fn view(&self, directory: &Path) -> Option<&Arc<View>> {
        let mut views = self.1.iter();
        views.find(|view| view.directory().as_path() == directory)
    }

    fn put_view(&mut self, view: Arc<View>) {
        self.1.push(view);
    }

    /// Takes out the views at this path or beneath it.
    fn take_views_at_or_beneath(&mut self, path: &Path) -> Vec<Arc<View>> {
        let (taken, kept) = std::mem::take(&mut self.1)
            .into_iter()
            .partition(|view| view.directory().as_path().starts_with(path));
        self.1 = kept;
        taken
    }

    /// What the view of a directory shows.
    fn shown_in<'a>(&'a self, directory: &'a Path) -> impl Iterator<Item = &'a Grant> {
        self.0.iter().filter(move |grant| {
            grant.shown == Shown::View && grant.path.as_path().parent() == Some(directory)
        })
    }

    /// Nothing of it is there any more.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Grant> {
        self.0.iter().find(|grant| grant.path.as_path() == path)
    }

    /// The nearest directory above a path that is held.
    fn above(&self, path: &Path) -> Option<&Grant> {
        let above = |grant: &&Grant| {
            let other = grant.path.as_path();
            grant.identity.directory && path != other && path.starts_with(other)
        };
        // Sorted by path, so the longest comes last.
        self.0.iter().rev().find(above)
    }

    fn put(&mut self, grant: Grant) {
        self.0.retain(|other| other.path != grant.path);
        let at = self.0.partition_point(|other| other.path < grant.path);
        self.0.insert(at, grant);
    }

    /// Changes how long a path is held.
    fn keep_for(&mut self, path: &Path, lifetime: Lifetime) {
        let grant = self.0.iter_mut().find(|grant| grant.path.as_path() == path);
        if let Some(grant) = grant {
            grant.lifetime = lifetime;
        }
    }

    fn take(&mut self, path: &Path) -> Option<Grant> {
        let at = self
            .0
            .iter()
            .position(|grant| grant.path.as_path() == path)?;
        Some(self.0.remove(at))
    }

    /// Takes out all at this path or beneath it: what is mounted at a path hides or carries what
    /// is mounted beneath it, so they change together.
    fn take_at_or_beneath(&mut self, path: &Path) -> Vec<Grant> {
        let (taken, kept) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|grant| grant.path.as_path().starts_with(path));
        self.0 = kept;
        taken
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn grant(path: &str, access: Access) -> Grant {
        Grant {
            path: path.into(),
            identity: Identity {
                device: 1,
                inode: 2,
                directory: true,
            },
            access,
            origin: Origin::Added,
            since: 3,
            lifetime: Lifetime::Sandbox,
            shown: Shown::Mount(Granted {
                path: path.into(),
                mount: 4,
                made: Vec::new(),
            }),
        }
    }

    #[test]
    fn a_path_is_held_once_and_a_name_that_only_begins_the_same_is_another() {
        let mut store = Store::default();
        store.put(grant("/home/u/b", Access::Read));
        store.put(grant("/home/u/a", Access::Read));
        store.put(grant("/home/u/a/c", Access::Read));
        store.put(grant("/home/u/ab", Access::Read));
        store.put(grant("/home/u/a", Access::Write));
        assert_eq!(store.list().len(), 4);
        assert_eq!(
            store.get(Path::new("/home/u/a")).map(|g| g.access),
            Some(Access::Write)
        );
        let taken = store.take_at_or_beneath(Path::new("/home/u/a"));
        assert_eq!(taken.len(), 2);
        assert!(store.get(Path::new("/home/u/ab")).is_some());
    }
}
