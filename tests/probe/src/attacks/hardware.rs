//! Files of /proc and /sys that describe the machine.

use std::fs::{self, File};
use std::io::Read;

use crate::attack::{Attack, Class, KERNEL, ROOT, attack, unshown};
use crate::outcome::{Outcome, refused};

const SYS: &str = "skeleton /sys";
const PROC: &str = "masked /proc";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    unshown("dmi", Class::Identifiers, SYS, KERNEL, |_| {
        names("/sys/class/dmi/id")
    }),
    unshown("dmi-tables", Class::Identifiers, SYS, ROOT, |_| {
        names("/sys/firmware/dmi/tables")
    }),
    attack("firmware", Class::Identifiers, SYS, |_| {
        names("/sys/firmware")
    }),
    attack("disks", Class::Identifiers, SYS, |_| names("/sys/block")),
    attack("disk-attributes", Class::Identifiers, SYS, |_| {
        for entry in fs::read_dir("/sys/block")? {
            let size = entry?.path().join("size");
            if let Ok(text) = fs::read_to_string(&size) {
                return Ok(format!("{}: {}", size.display(), text.trim()));
            }
        }
        refused("no disk")
    }),
    unshown("disk-names", Class::Identifiers, "serials", KERNEL, |_| {
        names("/dev/disk/by-id")
    }),
    unshown("usb-devices", Class::Identifiers, SYS, KERNEL, |_| {
        names("/sys/bus/usb/devices")
    }),
    unshown("pci-devices", Class::Identifiers, SYS, KERNEL, |_| {
        names("/sys/bus/pci/devices")
    }),
    attack(
        "network-devices",
        Class::Identifiers,
        SYS,
        |_| match fs::read_dir("/sys/class/net")?
            .flatten()
            .find(|entry| entry.file_name() != "lo")
        {
            Some(entry) => Ok(entry.path().display().to_string()),
            None => refused("only lo"),
        },
    ),
    unshown("batteries", Class::Identifiers, SYS, KERNEL, |_| {
        names("/sys/class/power_supply")
    }),
    unshown("temperatures", Class::Identifiers, SYS, KERNEL, |_| {
        names("/sys/class/hwmon")
    }),
    attack(
        "kernel-parameters-of-modules",
        Class::Identifiers,
        SYS,
        |_| names("/sys/module"),
    ),
    unshown("control-groups", Class::Identifiers, SYS, KERNEL, |_| {
        names("/sys/fs/cgroup")
    }),
    unshown("debug-files", Class::Identifiers, SYS, ROOT, |_| {
        names("/sys/kernel/debug")
    }),
    unshown("traces", Class::Identifiers, SYS, ROOT, |_| {
        names("/sys/kernel/tracing")
    }),
    attack("partitions", Class::Identifiers, PROC, |_| {
        filled("/proc/partitions")
    }),
    attack("disk-statistics", Class::Identifiers, PROC, |_| {
        filled("/proc/diskstats")
    }),
    attack("interrupts", Class::Identifiers, PROC, |_| {
        filled("/proc/interrupts")
    }),
    unshown(
        "modules-of-kernel",
        Class::Identifiers,
        PROC,
        KERNEL,
        |_| filled("/proc/modules"),
    ),
    attack("soft-interrupts", Class::Identifiers, PROC, |_| {
        filled("/proc/softirqs")
    }),
    attack("memory-map-of-machine", Class::Identifiers, PROC, |_| {
        filled("/proc/iomem")
    }),
    unshown("ports-of-machine", Class::Identifiers, PROC, KERNEL, |_| {
        filled("/proc/ioports")
    }),
    attack("symbols-of-kernel", Class::Identifiers, PROC, |_| {
        filled("/proc/kallsyms")
    }),
    unshown("build-of-kernel", Class::Identifiers, PROC, KERNEL, |_| {
        filled("/proc/config.gz")
    }),
    attack("keys-of-others", Class::Identifiers, PROC, |_| {
        filled("/proc/keys")
    }),
    attack("users-of-keys", Class::Identifiers, PROC, |_| {
        filled("/proc/key-users")
    }),
    attack("swap", Class::Identifiers, PROC, |_| filled("/proc/swaps")),
    unshown("pressure", Class::Identifiers, PROC, KERNEL, |_| {
        filled("/proc/pressure/cpu")
    }),
    unshown("slabs", Class::Identifiers, PROC, ROOT, |_| {
        filled("/proc/slabinfo")
    }),
    unshown("timers", Class::Identifiers, PROC, ROOT, |_| {
        filled("/proc/timer_list")
    }),
    unshown("kernel-allocations", Class::Identifiers, PROC, ROOT, |_| {
        filled("/proc/vmallocinfo")
    }),
    unshown("kernel-core", Class::Identifiers, PROC, ROOT, |_| {
        filled("/proc/kcore")
    }),
    unshown("pages-of-kernel", Class::Identifiers, PROC, ROOT, |_| {
        filled("/proc/kpageflags")
    }),
    unshown("messages-of-kernel", Class::Identifiers, PROC, ROOT, |_| {
        filled("/proc/kmsg")
    }),
    unshown("acpi", Class::Identifiers, PROC, KERNEL, |_| {
        names("/proc/acpi")
    }),
    unshown("pci-in-proc", Class::Identifiers, PROC, KERNEL, |_| {
        names("/proc/bus")
    }),
    attack("file-systems-in-proc", Class::Identifiers, PROC, |_| {
        names("/proc/fs")
    }),
    unshown("drivers-in-proc", Class::Identifiers, PROC, KERNEL, |_| {
        names("/proc/driver")
    }),
    attack("interrupts-in-proc", Class::Identifiers, PROC, |_| {
        names("/proc/irq")
    }),
    unshown("scsi-in-proc", Class::Identifiers, PROC, KERNEL, |_| {
        filled("/proc/scsi/scsi")
    }),
    unshown("sound-in-proc", Class::Identifiers, PROC, KERNEL, |_| {
        names("/proc/asound")
    }),
];

/// A directory that has something in it.
fn names(path: &str) -> Outcome {
    match fs::read_dir(path)?.count() {
        0 => refused("empty"),
        count => Ok(format!("{count} names in {path}")),
    }
}

/// A file that has something in it; some never end.
fn filled(path: &str) -> Outcome {
    let mut bytes = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut bytes)?;
    match bytes.len() {
        0 => refused("empty"),
        _ => Ok(format!("{path} has something in it")),
    }
}
