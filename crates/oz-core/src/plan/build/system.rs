//! The system's programs and data, read-only.

use std::path::{Path, PathBuf};

use super::root::{Shape, directory, symlink, system_bind};
use crate::plan::Op;
use crate::plan::facts::PathFact;
use crate::profile::Profile;

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

pub(super) fn probes(profile: &Profile, paths: &mut Vec<PathBuf>) {
    let data = DATA.iter().map(|(path, _)| path);
    paths.extend(TREES.iter().chain(MERGED).chain(data).map(PathBuf::from));
    let extra = profile.files.system.iter();
    paths.extend(extra.map(|path| path.as_path().to_owned()));
}

pub(super) fn operations(shape: &Shape<'_>, ops: &mut Vec<Op>) {
    let facts = &shape.facts.paths;
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
    for path in &shape.profile.files.system {
        let path = path.as_path();
        let is_there = ops.iter().any(|op| path.starts_with(op.target()));
        if facts.contains_key(path) && (!is_there || !path.starts_with("/usr")) {
            push_once(system_bind(path, true), ops);
        }
    }
}

/// Adds a step unless its target has one already.
pub(super) fn push_once(op: Op, ops: &mut Vec<Op>) {
    // As bytes, for all are plain: to compare components takes longer than all else here.
    let is_same = |known: &Op| known.target().as_os_str() == op.target().as_os_str();
    if !ops.iter().any(is_same) {
        ops.push(op);
    }
}
