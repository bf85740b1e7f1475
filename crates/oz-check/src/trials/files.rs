//! The root, the system and what is mounted.

use std::io;
use std::path::Path;

use oz_core::report::Wall;
use oz_core::wire::check::Ask;
use rustix::fs::{Access, StatVfsMountFlags};

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::System,
        claim: "nothing can be made in the root, /etc or /usr",
        run: |_| {
            let made = [
                "/", "/etc", "/usr", "/usr/bin", "/run", "/dev", "/sys", "/var",
            ]
            .into_iter()
            .filter(|place| is_writable(place))
            .map(str::to_owned);
            Verdict::nothing(&made.collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::System,
        claim: "/, /usr and /opt are mounted read-only",
        run: |_| {
            let writable = ["/", "/usr", "/opt"]
                .into_iter()
                .filter(|place| Path::new(place).exists() && !is_mounted_read_only(place))
                .map(str::to_owned);
            Verdict::nothing(&writable.collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "no other user's home is there",
        run: |ask| {
            let own = ask.plan.user.home.as_path();
            let others = own.parent().filter(|above| *above != Path::new("/"));
            let others = others.and_then(|above| std::fs::read_dir(above).ok());
            let others = others
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path());
            let seen = others.filter(|path| path != own && !is_share(ask, path));
            Verdict::nothing(
                &seen
                    .map(|path| path.display().to_string())
                    .collect::<Vec<_>>(),
            )
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "what the host's root keeps is not there",
        run: |_| {
            let seen = [
                "/root",
                "/boot",
                "/lost+found",
                "/var/log",
                "/var/spool",
                "/var/backups",
            ]
            .into_iter()
            .filter(|path| Path::new(path).exists())
            .map(str::to_owned);
            Verdict::nothing(&seen.collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "secrets of the system are not there",
        run: |_| {
            let seen = [
                "/etc/shadow",
                "/etc/gshadow",
                "/etc/sudoers",
                "/etc/ssh",
                "/etc/ssl/private",
            ]
            .into_iter()
            .filter(|path| Path::new(path).exists())
            .map(str::to_owned);
            Verdict::nothing(&seen.collect::<Vec<_>>())
        },
    },
];

fn is_share(ask: &Ask, path: &Path) -> bool {
    ask.plan.shares().any(|share| share.path.starts_with(path))
}

/// Whether a name can really be made there; an empty file is taken away again.
fn is_writable(place: &str) -> bool {
    let may = rustix::fs::access(place, Access::WRITE_OK).is_ok();
    let path = Path::new(place).join(".oz-check");
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path);
    if made.is_ok() {
        let _ = std::fs::remove_file(&path);
    }
    may || made.is_ok()
}

fn is_mounted_read_only(place: &str) -> bool {
    let read: io::Result<_> = rustix::fs::statvfs(place).map_err(Into::into);
    read.is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY))
}
