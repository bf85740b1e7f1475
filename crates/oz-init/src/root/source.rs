//! What is bound: opened without ever going where somebody else points.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use oz_core::plan::Source;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io;
use rustix::mount::OpenTreeFlags;

/// Opens a source of a bind on the host.
pub fn open(source: &Source) -> io::Result<OwnedFd> {
    let links_within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let no_links = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let host = rustix::fs::openat(CWD, "/", flags, Mode::empty())?;
    match source {
        Source::System(path) => beneath(host, path, links_within),
        Source::User(path) => beneath(host, path, no_links),
        Source::Tree { tree, path } => beneath(beneath(host, tree, no_links)?, path, links_within),
    }
}

fn beneath(root: OwnedFd, path: &Path, how: ResolveFlags) -> io::Result<OwnedFd> {
    let beneath = match path.strip_prefix("/").unwrap_or(path) {
        top if top == Path::new("") => Path::new("."),
        other => other,
    };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::openat2(root, beneath, flags, Mode::empty(), how)
}

/// A detached copy of the mount at an open file or directory, with all that is mounted beneath.
///
/// With the descriptor instead of a path, what was opened is what is copied. Only the whole tree can be had: what
/// covers something on the host must cover it inside.
pub fn clone(source: impl AsFd) -> io::Result<OwnedFd> {
    rustix::mount::open_tree(
        source,
        "",
        OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH
            | OpenTreeFlags::AT_RECURSIVE,
    )
}
