//! What /proc and /sys tell, and what can be set there.

use std::io::Read;
use std::path::Path;

use oz_core::plan::layout::PROC_MASKS;
use oz_core::report::Wall;
use rustix::fs::StatVfsMountFlags;

use super::Trial;
use crate::verdict::Verdict;

/// What of /sys tells one machine from another, or shows hardware.
const TELLING: &[&str] = &[
    "/sys/class/dmi",
    "/sys/class/net",
    "/sys/block",
    "/sys/bus/pci/devices",
    "/sys/bus/usb/devices",
    "/sys/class/drm",
    "/sys/class/input",
    "/sys/firmware",
    "/sys/hypervisor",
    "/sys/kernel",
    "/sys/module",
    "/sys/power",
    "/sys/fs",
    "/sys/devices/virtual/dmi",
    "/sys/devices/pci0000:00",
];

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Kernel,
        claim: "what leaks in /proc is hidden",
        run: |_| {
            let shown = PROC_MASKS.iter().filter(|(path, _)| says_something(path));
            Verdict::nothing(
                &shown
                    .map(|(path, _)| (*path).to_owned())
                    .collect::<Vec<_>>(),
            )
        },
    },
    Trial {
        wall: Wall::Kernel,
        claim: "settings of the kernel cannot be changed",
        run: |_| {
            let system = rustix::fs::statvfs("/proc/sys");
            match system.map(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY)) {
                Ok(true) => Verdict::holds("/proc/sys is read-only"),
                Ok(false) => Verdict::broken("/proc/sys is writable"),
                Err(errno) => Verdict::broken(errno.to_string()),
            }
        },
    },
    Trial {
        wall: Wall::Identifiers,
        claim: "/sys names no hardware",
        run: |_| {
            let shown = TELLING.iter().filter(|path| says_something(path));
            Verdict::nothing(&shown.map(|path| (*path).to_owned()).collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Identifiers,
        claim: "no network interface has a real address of the machine",
        run: |_| {
            let list = std::fs::read_dir("/sys/class/net")
                .into_iter()
                .flatten()
                .flatten();
            let addresses = list.filter_map(|entry| {
                let address = std::fs::read_to_string(entry.path().join("address")).ok()?;
                (address.trim() != "00:00:00:00:00:00").then(|| address.trim().to_owned())
            });
            Verdict::nothing(&addresses.collect::<Vec<_>>())
        },
    },
];

/// Whether a directory has entries, or a file content.
fn says_something(path: &str) -> bool {
    if let Ok(mut entries) = std::fs::read_dir(path) {
        return entries.next().is_some();
    }
    let path = Path::new(path);
    // Some wait for something to say.
    let Ok(metadata) = std::fs::metadata(path) else {
        return false;
    };
    if !metadata.is_file() {
        return true;
    }
    let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, rustix::fs::Mode::empty());
    file.is_ok_and(|file| {
        let mut file = std::fs::File::from(file);
        file.read(&mut [0]).is_ok_and(|count| count > 0)
    })
}
