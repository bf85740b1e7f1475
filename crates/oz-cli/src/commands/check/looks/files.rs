//! The user's files: the same file is the same device and inode, wherever it is mounted.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use oz_core::plan::{Op, Source};
use oz_core::protected::PLACES;
use oz_core::report::Wall;

use super::{Look, Seen, shown};
use crate::commands::check::view::View;

/// Most entries of a directory that are compared.
const MOST: usize = 10_000;

pub(super) const LOOKS: &[Look] = &[
    Look {
        wall: Wall::Files,
        claim: "its home is not the user's",
        run: |view| {
            let home = view.plan.user.home.as_path();
            match (fs::symlink_metadata(home), view.inside(home)) {
                (Ok(own), Ok(inside)) if is_same(&own, &inside) => Seen::bad(shown(home)),
                (Ok(_), Ok(_)) => Seen::good("another directory"),
                (Err(error), _) | (_, Err(error)) => Seen::bad(error.to_string()),
            }
        },
    },
    Look {
        wall: Wall::Files,
        claim: "nothing of the user's home is there but what it was given",
        run: |view| {
            let home = view.plan.user.home.as_path();
            let entries = fs::read_dir(home)
                .into_iter()
                .flatten()
                .flatten()
                .take(MOST);
            let shows = entries
                .map(|entry| entry.path())
                .filter(|path| is_shown(view, path) && !is_given(view, path));
            Seen::nothing(&shows.map(|path| shown(&path)).collect::<Vec<_>>())
        },
    },
    Look {
        wall: Wall::Files,
        claim: "no protected place is there that was not given by name",
        run: |view| {
            let home = view.plan.user.home.as_path();
            let places = PLACES.iter().map(|place| home.join(place.path));
            let shows = places.filter(|path| is_shown(view, path) && !is_named(view, path));
            Seen::nothing(&shows.map(|path| shown(&path)).collect::<Vec<_>>())
        },
    },
];

/// Whether what lies at a path on the host lies there inside as well.
fn is_shown(view: &View, path: &Path) -> bool {
    match (fs::symlink_metadata(path), view.inside(path)) {
        (Ok(host), Ok(inside)) => is_same(&host, &inside),
        _ => false,
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// What of the user the plan shows, and what was added since.
fn given(view: &View) -> impl Iterator<Item = &Path> {
    let planned = view.plan.root.iter().filter_map(|op| match op {
        Op::Bind(bind) if matches!(bind.source, Source::User(_)) => Some(bind.path.as_path()),
        _ => None,
    });
    let home = view.plan.user.home.as_path();
    let added = view.files.iter().map(|file| file.as_path());
    planned.filter(move |path| *path != home).chain(added)
}

/// Whether something at, below or above the path was given.
fn is_given(view: &View, path: &Path) -> bool {
    given(view).any(|given| given.starts_with(path) || path.starts_with(given))
}

/// Whether the path, or something below it, was given.
fn is_named(view: &View, path: &Path) -> bool {
    given(view).any(|given| given.starts_with(path))
}
