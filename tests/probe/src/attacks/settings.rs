//! Settings of the kernel, which are everybody's.

use std::fs::{self, OpenOptions};
use std::path::Path;

use crate::attack::{Attack, Class, KERNEL, ROOT, unshown};
use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call};

const KERNEL_WIDE: &str = "settings of the kernel";
const QUOTAS: &str = "denial of service: quotas of the user's own";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    unshown(
        "core-pattern",
        Class::Settings,
        "core_pattern runs a program as root",
        ROOT,
        |_| open("/proc/sys/kernel/core_pattern"),
    ),
    unshown(
        "module-loader",
        Class::Settings,
        "modprobe runs a program as root",
        ROOT,
        |_| open("/proc/sys/kernel/modprobe"),
    ),
    unshown(
        "hot-plug-helper",
        Class::Settings,
        "uevent_helper runs a program",
        ROOT,
        |_| open("/sys/kernel/uevent_helper"),
    ),
    unshown(
        "formats-of-programs",
        Class::Settings,
        "binfmt_misc runs a program",
        ROOT,
        |_| open("/proc/sys/fs/binfmt_misc/register"),
    ),
    unshown(
        "system-request-key",
        Class::Settings,
        KERNEL_WIDE,
        ROOT,
        |_| open("/proc/sysrq-trigger"),
    ),
    unshown("any-sysctl", Class::Settings, KERNEL_WIDE, ROOT, |_| {
        any_writable(Path::new("/proc/sys"), 0)
    }),
    unshown("any-of-sys", Class::Settings, KERNEL_WIDE, ROOT, |_| {
        any_writable(Path::new("/sys"), 0)
    }),
    unshown(
        "interrupts-affinity",
        Class::Settings,
        KERNEL_WIDE,
        ROOT,
        |_| any_writable(Path::new("/proc/irq"), 0),
    ),
    unshown(
        "control-group",
        Class::Settings,
        "leaving one's limits",
        ROOT,
        |_| any_writable(Path::new("/sys/fs/cgroup"), 0),
    ),
    unshown(
        "user-map-again",
        Class::Settings,
        "user namespaces",
        ROOT,
        |_| {
            fs::write("/proc/self/uid_map", "0 0 4294967295")?;
            Ok("mapped".into())
        },
    ),
    unshown("never-killed", Class::Settings, KERNEL_WIDE, ROOT, |_| {
        fs::write("/proc/self/oom_score_adj", "-1000")?;
        Ok("somebody else is killed".into())
    }),
    unshown("real-time", Class::Settings, KERNEL_WIDE, ROOT, |_| {
        // SCHED_FIFO
        let first = 1_u32.to_ne_bytes();
        call(
            libc::SYS_sched_setscheduler,
            [Arg::N(0), Arg::N(1), Arg::B(&first)],
        )?;
        Ok("above everybody".into())
    }),
    unshown(
        "higher-priority",
        Class::Settings,
        KERNEL_WIDE,
        ROOT,
        |_| {
            call(libc::SYS_setpriority, [0, 0, -20].map(Arg::N))?;
            Ok("above everybody".into())
        },
    ),
    unshown("raise-limit", Class::Settings, "limits", ROOT, |_| {
        let all = crate::sys::long_words(&[1 << 20, 1 << 21]);
        let [own, open_files] = [0, 7].map(Arg::N);
        call(
            libc::SYS_prlimit64,
            [own, open_files, Arg::B(&all), Arg::N(0)],
        )?;
        Ok("more open files".into())
    }),
    unshown("lock-memory", Class::Settings, QUOTAS, KERNEL, |_| {
        let length = 1 << 30;
        let [anywhere, bytes, kind, flags, fd, at] = [0, length, 3, 0x22, -1, 0].map(Arg::N);
        let at = call(libc::SYS_mmap, [anywhere, bytes, kind, flags, fd, at])?;
        call(libc::SYS_mlock, [Arg::N(at), Arg::N(length)])?;
        Ok("1 GiB cannot be swapped".into())
    }),
];

fn open(path: &str) -> Outcome {
    OpenOptions::new().write(true).open(path)?;
    Ok(format!("{path} is writable"))
}

/// Looks for a file that can be opened for writing; nothing is written.
fn any_writable(dir: &Path, depth: usize) -> Outcome {
    let mut last = refused("nothing is writable");
    if depth > 6 {
        return last;
    }
    for entry in fs::read_dir(dir)?.flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let path = entry.path();
        last = if kind.is_dir() {
            any_writable(&path, depth + 1)
        } else if kind.is_file() && access(&path) {
            open(&path.display().to_string())
        } else {
            continue;
        };
        if last.is_ok() {
            return last;
        }
    }
    last
}

fn access(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}
