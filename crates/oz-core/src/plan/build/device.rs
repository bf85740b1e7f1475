//! /dev: the harmless nodes and the usual links.

use super::root::{directory, symlink};
use crate::plan::{Access, Bind, Op, Source, layout};

pub(super) fn operations(ops: &mut Vec<Op>) {
    ops.push(directory("/dev", 0o755));
    for (path, _) in layout::DEVICES {
        ops.push(Op::Bind(Bind {
            source: Source::System(path.into()),
            path: path.into(),
            // Read-only says nothing about a device's content, only about the node.
            access: Access::Read,
            noexec: true,
            optional: false,
            device: true,
        }));
    }
    for (path, target) in [
        ("/dev/fd", "/proc/self/fd"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
        ("/dev/ptmx", "pts/ptmx"),
    ] {
        ops.push(symlink(path, target));
    }
}
