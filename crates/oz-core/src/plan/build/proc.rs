//! /proc with what leaks hidden, and the few files of /sys that programs read.

use super::root::{directory, file};
use crate::plan::{Op, layout};

pub(super) fn operations(ops: &mut Vec<Op>) {
    ops.push(Op::Proc {
        path: "/proc".into(),
    });
    ops.push(Op::ReadOnly {
        path: "/proc/sys".into(),
    });
    for (path, _) in layout::PROC_MASKS {
        ops.push(Op::Mask { path: path.into() });
    }
}

/// How many processors there are is all that is told of the hardware.
pub(super) fn sys_skeleton(cpus: u32, ops: &mut Vec<Op>) {
    let range = match cpus {
        0 | 1 => "0\n".to_owned(),
        _ => format!("0-{}\n", cpus - 1),
    };
    ops.push(directory("/sys/devices/system/cpu", 0o755));
    for name in ["online", "possible", "present"] {
        ops.push(file(
            format!("/sys/devices/system/cpu/{name}"),
            range.clone(),
        ));
    }
}
