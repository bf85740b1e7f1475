//! The home directory and the user's looks in it.

use std::path::{Path, PathBuf};

use super::root::{Shape, tmpfs};
use super::view::View;
use crate::plan::facts::PathFact;
use crate::plan::{Access, Bind, Home, Op, Source, User};

/// Looks of the user's desktop that apps share, read-only, each with its reason.
const LOOKS: &[(&str, &str)] = &[
    (".fonts", "fonts"),
    (".fonts.conf", "which fonts are preferred"),
    (".config/fontconfig", "which fonts are preferred"),
    (".local/share/fonts", "fonts"),
    (".icons", "icons and cursors"),
    (".local/share/icons", "icons and cursors"),
    (
        ".config/user-dirs.dirs",
        "what the well-known directories are called",
    ),
    (".themes", "themes"),
    (".local/share/themes", "themes"),
];

pub(super) fn probes(user: &User, paths: &mut Vec<PathBuf>) {
    paths.extend(LOOKS.iter().map(|(path, _)| user.home.join(path)));
}

/// The home itself and the user's looks.
pub(super) fn operations(shape: &Shape<'_>, view: &View, size: u64, ops: &mut Vec<Op>) {
    let home = shape.user_home();
    match shape.home {
        Home::Ephemeral => ops.push(in_memory(home, size)),
        Home::Private(path) => ops.push(bind(path, home, Access::Write, false)),
        // It is one of the places that are copied, with the looks in it.
        Home::CopyOnWrite(_) => return,
        // It was made with the root. What shows how the user's desktop looks is content as well.
        Home::None => return,
    }
    for (below, _) in LOOKS {
        let path = home.join(below);
        if view.decides(&path) {
            // What the rule mounts there would hide it.
            continue;
        }
        // Links are left out: what they lead to may be anything.
        if let Some(PathFact::Directory | PathFact::File) = shape.facts.paths.get(&path) {
            let Op::Bind(mut look) = bind(&path, &path, Access::Read, true) else {
                continue;
            };
            look.noexec = true;
            ops.push(Op::Bind(look));
        }
    }
}

/// A home that goes with the sandbox, of at most `size` bytes.
pub(super) fn in_memory(home: &Path, size: u64) -> Op {
    tmpfs(home, 0o700, size, false)
}

fn bind(source: &Path, target: &Path, access: Access, optional: bool) -> Op {
    Op::Bind(Bind {
        source: Source::User(source.to_owned()),
        path: target.to_owned(),
        access,
        noexec: false,
        optional,
        device: false,
    })
}
