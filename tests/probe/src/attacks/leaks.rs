//! What every app learns all the same: published in SECURITY.md, and compared with it by a test.

use std::fs;

use crate::attack::{Attack, Class, attack};
use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call};

const KERNEL: &str = "the kernel says it to everybody";
const NEEDED: &str = "apps do not work without it";

/// What is learnt.
pub const ATTACKS: &[Attack] = &[
    attack("kernel-version", Class::Leak, KERNEL, |t| {
        t.found(
            "release",
            &rustix::system::uname().release().to_string_lossy(),
        )
    }),
    attack("processor-model", Class::Leak, KERNEL, |t| {
        let text = fs::read_to_string("/proc/cpuinfo")?;
        t.found("processor", &text.replace('\t', " "))
    }),
    attack("memory-size", Class::Leak, KERNEL, |t| {
        t.found("memory", &fs::read_to_string("/proc/meminfo")?)
    }),
    attack("time-of-boot", Class::Leak, KERNEL, |t| {
        let text = fs::read_to_string("/proc/stat")?;
        let line = text
            .lines()
            .find(|line| line.starts_with("btime"))
            .unwrap_or_default();
        t.found("booted", line)
    }),
    attack("load-of-machine", Class::Leak, KERNEL, |_| {
        something("/proc/vmstat")
    }),
    attack("drivers-of-kernel", Class::Leak, KERNEL, |_| {
        something("/proc/devices")
    }),
    attack("user-id", Class::Leak, NEEDED, |t| {
        t.found("uid", &rustix::process::getuid().as_raw().to_string())
    }),
    attack("user-name", Class::Leak, NEEDED, |t| {
        let accounts = fs::read_to_string("/etc/passwd")?;
        t.found("user", &accounts.replace(':', " "))
    }),
    attack("path-of-home", Class::Leak, NEEDED, |t| {
        t.found("home", &std::env::var("HOME").unwrap_or_default())
    }),
    attack("places-of-mounts", Class::Leak, KERNEL, |t| {
        // The fourth field is a path within the file system that the host mounted.
        let table = fs::read_to_string("/proc/self/mountinfo")?;
        let home = t.get("home")?;
        match table
            .lines()
            .filter_map(|line| line.split(' ').nth(3))
            .find(|root| {
                root.starts_with(home) || !home.starts_with("/home") && root.starts_with("/home")
            }) {
            Some(root) => Ok(root.to_owned()),
            None if t.is_outside() => Ok("the host's own table".into()),
            None => refused("no path of the host's"),
        }
    }),
    attack("disk-size", Class::Leak, KERNEL, |t| {
        let size = rustix::fs::statvfs("/usr")?;
        t.found("disk.blocks", &size.f_blocks.to_string())
    }),
    attack("release-of-system", Class::Leak, NEEDED, |t| {
        t.found(
            "system",
            &fs::read_to_string("/etc/os-release")?.replace('\n', " "),
        )
    }),
    attack("installed-programs", Class::Leak, NEEDED, |t| {
        t.found("programs", &fs::read_dir("/usr/bin")?.count().to_string())
    }),
    attack("time-zone", Class::Leak, NEEDED, |_| {
        something("/etc/localtime")
    }),
    attack(
        "processor-in-use",
        Class::Leak,
        "instructions of the processor",
        |_| {
            // getcpu: on which processor this runs.
            call(libc::SYS_getcpu, [Arg::Z(4), Arg::Z(4), Arg::N(0)])?;
            Ok("the processor's number".into())
        },
    ),
];

fn something(path: &str) -> Outcome {
    match fs::read(path)?.len() {
        0 => refused("empty"),
        size => Ok(format!("{size} bytes of {path}")),
    }
}
