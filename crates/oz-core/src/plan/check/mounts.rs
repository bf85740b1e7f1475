//! The steps that build the root.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Violation;
use super::paths::{is_same, is_within};
use crate::plan::{Access, Home, Op, Plan, Source, layout};

/// Largest file system in memory: 64 GiB.
const MAX_MEMORY: u64 = 64 << 30;

/// Largest generated file, in bytes.
const MAX_FILE: usize = 64 << 10;

/// Only the seal is about the root itself.
pub(super) fn targets_are_inside(plan: &Plan) -> Result<(), Violation> {
    let about_root =
        |op: &&Op| is_same(op.target(), Path::new("/")) && !matches!(op, Op::ReadOnly { .. });
    match plan.root.iter().find(about_root) {
        Some(op) => Err(Violation::new(
            "the root itself is init's",
            format!("{op:?}"),
        )),
        None => Ok(()),
    }
}

/// No set-user-id, no set-group-id: nothing inside runs as another.
pub(super) fn modes_give_no_privileges(plan: &Plan) -> Result<(), Violation> {
    for op in &plan.root {
        let (Op::Directory { mode, .. } | Op::File { mode, .. } | Op::Tmpfs { mode, .. }) = op
        else {
            continue;
        };
        if mode & !0o1777 != 0 {
            return Err(Violation::new(
                "permission bits are at most 1777",
                op.target().display(),
            ));
        }
    }
    Ok(())
}

/// A file system in memory without a size can take all of it.
pub(super) fn memory_is_bounded(plan: &Plan) -> Result<(), Violation> {
    for op in &plan.root {
        if let Op::Tmpfs { path, size, .. } = op
            && !(1..=MAX_MEMORY).contains(size)
        {
            return Err(Violation::new(
                "memory has a size of up to 64 GiB",
                path.display(),
            ));
        }
    }
    Ok(())
}

/// They are written by init, one call each.
pub(super) fn files_are_small(plan: &Plan) -> Result<(), Violation> {
    for op in &plan.root {
        if let Op::File { path, content, .. } = op
            && content.len() > MAX_FILE
        {
            return Err(Violation::new(
                "a generated file has up to 64 KiB",
                path.display(),
            ));
        }
    }
    Ok(())
}

/// Who could write to the root could change /etc, and links that the next program follows. After the
/// seal only places on file systems of their own can be changed, so each later mount needs its mount
/// point made before, or lies on a writable mount that came later.
pub(super) fn root_is_sealed(plan: &Plan) -> Result<(), Violation> {
    let seal = |op: &Op| matches!(op, Op::ReadOnly { path } if is_same(path, Path::new("/")));
    let Some(at) = plan.root.iter().position(seal) else {
        return Err(Violation::new("the root is made read-only", "no step does"));
    };
    let (before, after) = plan.root.split_at(at);
    for op in before {
        let writable = match op {
            Op::Bind(bind) => bind.access == Access::Write,
            Op::Directory { .. } | Op::File { .. } | Op::Symlink { .. } | Op::ReadOnly { .. } => {
                false
            }
            Op::Mask { .. } | Op::Pin { .. } | Op::RandomId { .. } | Op::Cookie { .. } => false,
            // The kernel's own, in which nobody can make a file.
            Op::Proc { .. } | Op::DevPts { .. } | Op::Mqueue { .. } => false,
            Op::Tmpfs { .. } | Op::Overlay(_) => true,
        };
        if writable {
            return Err(Violation::new(
                "what can be written is mounted after the seal",
                op.target().display(),
            ));
        }
    }
    let made: HashSet<&OsStr> = before.iter().map(|op| op.target().as_os_str()).collect();
    let mut mounted: HashSet<&OsStr> = HashSet::new();
    for op in after {
        let target = op.target();
        let mut above = target.ancestors().skip(1);
        let on_later = above.any(|directory| mounted.contains(directory.as_os_str()));
        let prepared = || made.contains(target.as_os_str());
        let makes = matches!(
            op,
            Op::Directory { .. } | Op::File { .. } | Op::Symlink { .. } | Op::Cookie { .. }
        );
        if makes && !on_later || !seal(op) && !on_later && !prepared() {
            return Err(Violation::new(
                "after the seal nothing is made on the root",
                target.display(),
            ));
        }
        if matches!(
            op,
            Op::Bind(_) | Op::Overlay(_) | Op::Pin { .. } | Op::Tmpfs { .. } | Op::Proc { .. }
        ) {
            mounted.insert(target.as_os_str());
        }
    }
    Ok(())
}

/// /proc tells of the host's hardware and of other users unless it is masked.
pub(super) fn proc_is_masked(plan: &Plan) -> Result<(), Violation> {
    let proc = |op: &Op| matches!(op, Op::Proc { .. });
    let Some(at) = plan.root.iter().position(proc) else {
        // A root without /proc leaks nothing.
        return Ok(());
    };
    if plan.root.iter().filter(|op| proc(op)).count() > 1
        || plan.root[at].target() != Path::new("/proc")
    {
        return Err(Violation::new(
            "there is one process file system, at /proc",
            plan.root[at].target().display(),
        ));
    }
    let after = &plan.root[at + 1..];
    let sealed =
        |op: &Op| matches!(op, Op::ReadOnly { path } if is_same(path, Path::new("/proc/sys")));
    if !after.iter().any(sealed) {
        return Err(Violation::new(
            "settings of the kernel are read-only",
            "/proc/sys",
        ));
    }
    let masks = after.iter().filter_map(|op| match op {
        Op::Mask { path } => Some(path.as_os_str()),
        _ => None,
    });
    let masks: HashSet<&OsStr> = masks.collect();
    let masked = |wanted: &str| masks.contains(OsStr::new(wanted));
    let told =
        |op: &Op| matches!(op, Op::RandomId { path } if is_same(path, Path::new(layout::BOOT_ID)));
    if !after.iter().any(told) {
        return Err(Violation::new(
            "the sandbox has a boot id of its own",
            layout::BOOT_ID,
        ));
    }
    match layout::PROC_MASKS.iter().find(|(path, _)| !masked(path)) {
        Some((path, _)) => Err(Violation::new("what leaks in /proc is masked", path)),
        None => Ok(()),
    }
}

/// A later mount over, or above, an earlier step would hide what that step was for: a mask, a
/// read-only tree, a generated file.
pub(super) fn no_step_undoes_another(plan: &Plan) -> Result<(), Violation> {
    let steps = ByPath::new(&plan.root);
    for (at, op) in plan.root.iter().enumerate() {
        let covers = matches!(
            op,
            Op::Bind(_)
                | Op::Overlay(_)
                | Op::Pin { .. }
                | Op::Tmpfs { .. }
                | Op::Proc { .. }
                | Op::DevPts { .. }
                | Op::Mqueue { .. }
        );
        if !covers {
            continue;
        }
        let target = op.target();
        for earlier in steps.within(target).filter(|step| *step < at) {
            let earlier = &plan.root[earlier];
            let mount_point = is_same(earlier.target(), target)
                && match earlier {
                    Op::Directory { .. } => true,
                    Op::File { content, .. } => content.is_empty(),
                    _ => false,
                };
            if !mount_point {
                return Err(Violation::new(
                    "no step hides an earlier one",
                    target.display(),
                ));
            }
        }
        let proc = Path::new("/proc");
        if is_within(target, proc) && !is_same(target, proc) {
            return Err(Violation::new(
                "nothing is mounted in /proc",
                target.display(),
            ));
        }
    }
    Ok(())
}

/// The steps in the order of their targets, so that what lies in a tree is found without a look at all.
struct ByPath<'a>(Vec<(&'a [u8], usize)>);

impl<'a> ByPath<'a> {
    fn new(steps: &'a [Op]) -> Self {
        let targets = steps.iter().map(|op| op.target().as_os_str().as_bytes());
        let mut all: Vec<_> = targets.zip(0..).collect();
        all.sort_unstable();
        Self(all)
    }

    /// The numbers of those at and below a plain path.
    fn within(&self, tree: &'a Path) -> impl Iterator<Item = usize> {
        let tree = tree.as_os_str().as_bytes();
        // All that begin like the tree stand together; names that only begin alike are among them.
        let first = self.0.partition_point(|(path, _)| *path < tree);
        self.0[first..]
            .iter()
            .take_while(move |(path, _)| path.starts_with(tree))
            .filter(move |(path, _)| {
                tree == b"/" || matches!(path.get(tree.len()), None | Some(b'/'))
            })
            .map(|(_, step)| *step)
    }
}

/// What a person reads about the home is what is mounted there.
pub(super) fn home_is_what_the_plan_says(plan: &Plan) -> Result<(), Violation> {
    let home = &plan.user.home;
    // A directory of the root is sealed with it, unless it is in /tmp.
    let only_a_directory = || {
        let mut here = plan.root.iter().filter(|op| is_same(op.target(), home));
        let made = matches!(here.next(), Some(Op::Directory { mode, .. }) if mode & 0o222 == 0);
        made && here.next().is_none() && !is_within(home, Path::new("/tmp"))
    };
    let agrees = plan.home == Home::None && only_a_directory()
        || plan.root.iter().any(|op| match (&plan.home, op) {
            (Home::Ephemeral, Op::Tmpfs { path, .. }) => path == home,
            (Home::Private(private), Op::Bind(bind)) => {
                bind.path == *home
                    && bind.source == Source::User(private.clone())
                    && bind.access == Access::Write
                    && !bind.optional
            }
            (Home::CopyOnWrite(layers), Op::Overlay(overlay)) => {
                overlay.path == *home
                    && overlay.source == *home
                    && is_within(&overlay.layers, layers)
            }
            _ => false,
        });
    if agrees {
        Ok(())
    } else {
        Err(Violation::new(
            "the home is mounted as the plan says",
            home.display(),
        ))
    }
}
