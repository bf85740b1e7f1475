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
    ops.push(Op::RandomId {
        path: layout::BOOT_ID.into(),
    });
}

/// Directories that programs list, and give up if they are missing: nothing is in them.
const EMPTY: &[&str] = &[
    "/sys/block",
    "/sys/bus/pci/devices",
    "/sys/bus/usb/devices",
    "/sys/class/drm",
    "/sys/class/input",
    "/sys/class/net",
    "/sys/class/power_supply",
    "/sys/class/sound",
    "/sys/class/video4linux",
    "/sys/devices/system/node/node0",
];

/// How many processors there are is all that is told of the hardware: no address, no serial number, no
/// name of a board.
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
    ops.push(file(
        "/sys/devices/system/cpu/kernel_max",
        format!("{}\n", cpus.max(1) - 1),
    ));
    ops.extend(EMPTY.iter().map(|path| directory(*path, 0o755)));
    // One node with all memory, whatever the machine is made of.
    ops.push(file("/sys/devices/system/node/online", "0\n".to_owned()));
}
