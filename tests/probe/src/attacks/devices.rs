//! Device nodes: those of the host, and new ones.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::own::{NEWNS, with};
use crate::attack::{Attack, Class, KERNEL, ROOT, attack, unshown};
use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call};

const HARDWARE: &str = "devices only by profile";

/// What every app has.
const HARMLESS: &[&str] = &[
    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "mqueue", "fd",
    "stdin", "stdout", "stderr", "core",
];

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack("any-other-device", Class::Devices, HARDWARE, |_| {
        any(Path::new("/dev"), 0)
    }),
    attack("network-tunnel", Class::Devices, HARDWARE, |_| {
        device("/dev/net/tun")
    }),
    unshown("virtual-machine", Class::Devices, HARDWARE, KERNEL, |_| {
        device("/dev/kvm")
    }),
    unshown(
        "fuse",
        Class::Devices,
        "a FUSE that never answers",
        KERNEL,
        |_| device("/dev/fuse"),
    ),
    unshown("input", Class::Devices, "key logging", ROOT, |_| {
        any(Path::new("/dev/input"), 0)
    }),
    unshown("new-input", Class::Devices, "synthetic input", ROOT, |_| {
        device("/dev/uinput")
    }),
    unshown("camera", Class::Devices, HARDWARE, KERNEL, |_| {
        device("/dev/video0")
    }),
    unshown(
        "sound-card",
        Class::Devices,
        "recording sound",
        KERNEL,
        |_| any(Path::new("/dev/snd"), 0),
    ),
    unshown("graphics-card", Class::Devices, HARDWARE, KERNEL, |_| {
        any(Path::new("/dev/dri"), 0)
    }),
    unshown("usb-device", Class::Devices, HARDWARE, KERNEL, |_| {
        any(Path::new("/dev/bus"), 0)
    }),
    unshown("kernel-memory", Class::Devices, HARDWARE, ROOT, |_| {
        device("/dev/mem")
    }),
    unshown(
        "kernel-messages",
        Class::Devices,
        "the kernel's log",
        KERNEL,
        |_| device("/dev/kmsg"),
    ),
    unshown("disk", Class::Devices, HARDWARE, ROOT, |_| {
        let names = fs::read_to_string("/proc/partitions")?;
        let name = names.split_whitespace().last().unwrap_or("none");
        device(&format!("/dev/{name}"))
    }),
    unshown("loop-device", Class::Devices, HARDWARE, ROOT, |_| {
        device("/dev/loop-control")
    }),
    unshown(
        "make-device",
        Class::Devices,
        "device nodes in what is shared",
        ROOT,
        |_| first_node(0),
    ),
    unshown(
        "make-device-as-root",
        Class::Devices,
        "device nodes in a namespace",
        ROOT,
        |_| with(NEWNS, || first_node(1)),
    ),
];

fn device(path: &str) -> Outcome {
    let read = OpenOptions::new().read(true).open(path);
    if read.is_err() {
        OpenOptions::new().write(true).open(path)?;
    }
    Ok(format!("{path} is open"))
}

/// Any device node that can be opened and that not every app has.
fn any(dir: &Path, depth: usize) -> Outcome {
    let mut last = refused("no other device");
    for entry in fs::read_dir(dir)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if depth == 0 && HARMLESS.contains(&&*name) {
            continue;
        }
        last = if kind.is_dir() && depth < 3 {
            any(&entry.path(), depth + 1)
        } else if kind.is_char_device() || kind.is_block_device() {
            device(&entry.path().display().to_string())
        } else {
            continue;
        };
        if last.is_ok() {
            return last;
        }
    }
    last
}

/// The memory of the machine, and the first disk.
fn first_node(number: u32) -> Outcome {
    let path = std::env::temp_dir().join(format!("oz-probe-node-{number}"));
    let path = path.display().to_string();
    let _ = fs::remove_file(&path);
    let memory = i64::from(1_u32 << 8 | 1);
    let kind = i64::from(libc::S_IFCHR | 0o600);
    call(
        libc::SYS_mknodat,
        [Arg::N(-100), Arg::T(&path), Arg::N(kind), Arg::N(memory)],
    )?;
    device(&path)
}
