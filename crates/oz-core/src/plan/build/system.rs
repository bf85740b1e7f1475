//! The system's programs and data, read-only.

use std::path::{Path, PathBuf};

use super::root::{Shape, directory, symlink, system_bind};
use crate::plan::facts::PathFact;
use crate::plan::{HostFacts, Op};
use crate::profile::files::SystemPath;

/// Directories with programs.
const TREES: &[&str] = &["/usr", "/opt"];

/// Links into /usr, or directories where the system is not merged.
const MERGED: &[&str] = &["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Data of the system outside /usr, each with its reason.
const DATA: &[(&str, &str)] = &[
    (
        "/var/cache/fontconfig",
        "without it each start reads all fonts",
    ),
    ("/var/lib/aspell", "dictionaries"),
    ("/var/lib/dictionaries-common", "dictionaries"),
    ("/var/lib/ispell", "dictionaries"),
];

pub(super) fn probes(paths: &mut Vec<PathBuf>) {
    let data = DATA.iter().map(|(path, _)| path);
    paths.extend(TREES.iter().chain(MERGED).chain(data).map(PathBuf::from));
}

/// What every sandbox shows of the system.
pub(super) fn operations(facts: &HostFacts, ops: &mut Vec<Op>) {
    let facts = &facts.paths;
    for path in TREES {
        if facts.contains_key(Path::new(path)) {
            ops.push(system_bind(path, false));
        }
    }
    for path in MERGED {
        match facts.get(Path::new(path)) {
            Some(PathFact::Symlink(target)) => ops.push(symlink(path, target)),
            Some(PathFact::Directory) => ops.push(system_bind(path, false)),
            _ => {}
        }
    }
    ops.push(directory("/var", 0o755));
    // /tmp is the one place for what does not last.
    ops.push(symlink("/var/tmp", "/tmp"));
    ops.push(symlink("/var/run", "/run"));
    for (path, _) in DATA {
        if facts.contains_key(Path::new(path)) {
            ops.push(system_bind(path, true));
        }
    }
}

/// The same with what the profile shows more of it.
///
/// A place above one of the common steps comes before them, for it would hide what they made.
pub(super) fn with_extras(shape: &Shape<'_>, common: Vec<Op>) -> Vec<Op> {
    let wanted = shape.profile.files.system.iter().map(SystemPath::as_path);
    let there = wanted.filter(|path| shape.facts.paths.contains_key(*path));
    let hides = |path: &Path, op: &Op| op.target() != path && op.target().starts_with(path);
    let (above, beside): (Vec<&Path>, Vec<&Path>) =
        there.partition(|path| common.iter().any(|op| hides(path, op)));
    let bind = |path: &Path| system_bind(path, true);
    let mut ops: Vec<Op> = above.into_iter().map(bind).collect();
    ops.extend(common);
    beside
        .into_iter()
        .for_each(|path| push_once(bind(path), &mut ops));
    ops
}

/// Adds a step unless its target has one already.
pub(super) fn push_once(op: Op, ops: &mut Vec<Op>) {
    // As bytes, for all are plain: to compare components takes longer than all else here.
    let is_same = |known: &Op| known.target().as_os_str() == op.target().as_os_str();
    if !ops.iter().any(is_same) {
        ops.push(op);
    }
}
