//! The system from a distribution's tree instead of the host's.
//!
//! Anybody may have made the tree. So only directories, files and links of it are shown, each beneath the tree and at the
//! place where the tree has it; links say inside what they say, and lead to what is inside. What Oz makes for a sandbox, or
//! the kernel, is never the tree's: [`OURS`], and who the user is. Since the tree has no secrets of this machine, all else of
//! its `/etc` and `/var` is shown.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::etc;
use super::root::{Shape, directory, symlink};
use super::view::View;
use crate::plan::facts::{PathFact, TreeFacts};
use crate::plan::{Access, Bind, Op, Overlay, Source, below};

/// What is not shown of a tree, each with its reason.
const OURS: &[(&str, &str)] = &[
    ("/boot", "kernels, which no program needs"),
    ("/dev", "devices"),
    ("/etc/asound.conf", "where sound goes"),
    ("/etc/group", "who the user is"),
    ("/etc/gshadow", "passwords"),
    ("/etc/hostname", "what the sandbox is called"),
    ("/etc/hosts", "what the sandbox is called"),
    ("/etc/localtime", "the time zone, which follows the host's"),
    (
        "/etc/machine-id",
        "which machine it is for programs of this profile",
    ),
    ("/etc/mtab", "what is mounted"),
    ("/etc/nsswitch.conf", "who is asked for names"),
    ("/etc/passwd", "who the user is"),
    ("/etc/pulse", "where sound goes"),
    ("/etc/resolv.conf", "who is asked for names"),
    ("/etc/shadow", "passwords"),
    ("/home", "homes"),
    ("/lost+found", "what was broken"),
    ("/media", "what was plugged in"),
    ("/mnt", "what was mounted"),
    ("/proc", "processes"),
    ("/root", "another user's home"),
    ("/run", "sockets"),
    ("/sys", "hardware"),
    ("/tmp", "what does not last"),
    ("/var/lock", "what does not last"),
    ("/var/run", "sockets"),
    ("/var/tmp", "what does not last"),
];

/// The directories of which each entry is shown by itself, because others in them are [`OURS`].
const SPLIT: &[&str] = &["/etc", "/var"];

/// What is shown of the tree: where, and what it is.
fn shown<'t>(
    shape: &'t Shape<'_>,
    tree: &'t TreeFacts,
    view: &'t View,
) -> impl Iterator<Item = (&'t Path, &'t PathFact)> {
    let ours = |path: &Path| {
        let is = |name: &str| path == Path::new(name);
        OURS.iter().any(|(name, _)| is(name)) || SPLIT.iter().any(|name| is(name))
    };
    // What is mounted below needs a mount point, which nobody can make in a tree.
    let holds = |path: &Path| {
        let places = view.outermost().map(|(place, _)| place);
        let mut all = places.chain([shape.user_home()]);
        all.any(|place| place.starts_with(path))
    };
    let entries = tree.entries.iter();
    let entries = entries.map(|(path, fact)| (path.as_path(), fact));
    entries.filter(move |(path, _)| !ours(path) && !holds(path))
}

/// Whether it is copied on writing: directories, but in `/etc`, where ours are among them.
fn is_copied(tree: &TreeFacts, path: &Path, fact: &PathFact) -> bool {
    tree.tree.copied && *fact == PathFact::Directory && !path.starts_with("/etc")
}

/// The first steps.
pub(super) fn operations(shape: &Shape<'_>, tree: &TreeFacts, view: &View) -> Vec<Op> {
    let mut ops: Vec<Op> = SPLIT.iter().map(|path| directory(*path, 0o755)).collect();
    // /tmp is the one place for what does not last.
    ops.push(symlink("/var/tmp", "/tmp"));
    ops.push(symlink("/var/run", "/run"));
    for (path, fact) in shown(shape, tree, view) {
        match fact {
            PathFact::Symlink(target) => ops.push(symlink(path, target)),
            PathFact::Directory if is_copied(tree, path, fact) => ops.push(directory(path, 0o755)),
            PathFact::Directory | PathFact::File => ops.push(bind(tree, path)),
            PathFact::Other => {}
        }
    }
    etc::of_now(&mut ops);
    ops
}

/// What is mounted over the places made for it, once the root is sealed.
pub(super) fn copies(shape: &Shape<'_>, tree: &TreeFacts, view: &View, ops: &mut Vec<Op>) {
    for (path, fact) in shown(shape, tree, view) {
        if is_copied(tree, path, fact) {
            ops.push(Op::Overlay(Overlay {
                source: below(&tree.tree.path, path),
                path: path.to_owned(),
                layers: shape.copies.join(layers(path)),
                hidden: Vec::new(),
                volatile: shape.volatile,
            }));
        }
    }
}

/// Name of the layers of one directory of the tree: none of a place of the user's has such a one.
fn layers(path: &Path) -> String {
    let names = path.components().skip(1).map(|name| name.as_os_str());
    let names: Vec<_> = names.map(OsStr::to_string_lossy).collect();
    format!("tree%2f{}", names.join("%2f"))
}

fn bind(tree: &TreeFacts, path: &Path) -> Op {
    let data = SPLIT.iter().any(|split| path.starts_with(split));
    Op::Bind(Bind {
        source: Source::Tree {
            tree: tree.tree.path.clone(),
            path: path.to_owned(),
        },
        path: PathBuf::from(path),
        access: Access::Read,
        noexec: data,
        // It was there when the facts were gathered.
        optional: true,
        device: false,
    })
}
