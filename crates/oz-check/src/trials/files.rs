//! The root, the system and what is mounted.

use std::io;
use std::path::Path;

use oz_core::plan::{Access, Effect, Home};
use oz_core::report::Wall;
use oz_core::wire::check::Ask;
use rustix::fs::{Access as May, StatVfsMountFlags};

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::System,
        claim: "nothing can be made in the root, /etc or /usr",
        run: |ask| {
            let made = [
                "/", "/etc", "/usr", "/usr/bin", "/run", "/dev", "/sys", "/var",
            ]
            .into_iter()
            .filter(|place| !is_copied(ask, place) && is_writable(place))
            .map(str::to_owned);
            Verdict::nothing(&made.collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::System,
        claim: "/, /usr and /opt are mounted read-only",
        run: |ask| {
            let writable = ["/", "/usr", "/opt"]
                .into_iter()
                .filter(|place| Path::new(place).exists() && !is_copied(ask, place))
                .filter(|place| !is_mounted_read_only(place))
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
        claim: "what is written over copies is kept where nothing inside sees it",
        run: |ask| {
            let layers = ask.plan.overlays().map(|overlay| &overlay.layers);
            let seen = layers.filter(|layers| layers.symlink_metadata().is_ok());
            Verdict::nothing(&seen.map(|path| shown_as(path)).collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "what rules of the profile hide is empty",
        run: |ask| Verdict::nothing(&rules(ask, Effect::Hide, |place| !is_empty(ask, place))),
    },
    Trial {
        wall: Wall::Files,
        claim: "what the profile only shows is mounted read-only",
        run: |ask| {
            let shown = ask
                .plan
                .shares()
                .filter(|share| share.access == Access::Read);
            let writable = shown.filter(|share| {
                // The user may have removed it outside.
                share.path.exists() && !is_mounted_read_only(&share.path)
            });
            Verdict::nothing(
                &writable
                    .map(|share| shown_as(&share.path))
                    .collect::<Vec<_>>(),
            )
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "a home of which nothing is there cannot be written",
        run: |ask| {
            let home = &ask.plan.user.home;
            let writable = ask.plan.home == Home::None && is_writable(home);
            Verdict::nothing(
                &writable
                    .then(|| shown_as(home))
                    .into_iter()
                    .collect::<Vec<_>>(),
            )
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "what the host's root keeps is not there",
        run: |ask| {
            // That of a tree which is the system is not the host's.
            let of_host = |path: &&str| ask.plan.tree.is_none() || !path.starts_with("/var");
            let seen = [
                "/root",
                "/boot",
                "/lost+found",
                "/var/log",
                "/var/spool",
                "/var/backups",
            ]
            .into_iter()
            .filter(of_host)
            .filter(|path| Path::new(path).exists())
            .map(str::to_owned);
            Verdict::nothing(&seen.collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Files,
        claim: "secrets of the system are not there",
        run: |ask| {
            // Those of a tree which is the system are none of this machine.
            let of_host = |_: &&str| ask.plan.tree.is_none();
            let seen = [
                "/etc/shadow",
                "/etc/gshadow",
                "/etc/sudoers",
                "/etc/ssh",
                "/etc/ssl/private",
            ]
            .into_iter()
            .filter(of_host)
            .filter(|path| Path::new(path).exists())
            .map(str::to_owned);
            Verdict::nothing(&seen.collect::<Vec<_>>())
        },
    },
];

/// The places where a rule of this effect decides and something is so.
fn rules(ask: &Ask, effect: Effect, is_so: impl Fn(&Path) -> bool) -> Vec<String> {
    let of_it = ask.plan.rules.iter().filter(|ruled| ruled.effect == effect);
    let places = of_it.flat_map(|ruled| &ruled.places);
    places
        .filter(|place| is_so(place))
        .map(|place| shown_as(place))
        .collect()
}

/// Whether nothing is at a hidden place but what a deeper rule shows.
fn is_empty(ask: &Ask, place: &Path) -> bool {
    let deeper = |path: &Path| {
        let mut places = ask.plan.rules.iter().flat_map(|ruled| &ruled.places);
        places.any(|other| other.starts_with(path) || path.starts_with(other) && other != place)
    };
    match std::fs::symlink_metadata(place) {
        Ok(found) if found.is_dir() => std::fs::read_dir(place)
            .is_ok_and(|entries| entries.flatten().all(|entry| deeper(&entry.path()))),
        Ok(found) => found.len() == 0,
        Err(_) => true,
    }
}

fn shown_as(path: &Path) -> String {
    path.display().to_string()
}

fn is_share(ask: &Ask, path: &Path) -> bool {
    ask.plan.shares().any(|share| share.path.starts_with(path))
}

/// Whether what is written there goes to a copy.
fn is_copied(ask: &Ask, place: &str) -> bool {
    let place = Path::new(place);
    let mut overlays = ask.plan.overlays();
    overlays.any(|overlay| place.starts_with(&overlay.path))
}

/// Whether a name can really be made there; an empty file is taken away again.
fn is_writable(place: impl AsRef<Path>) -> bool {
    let place = place.as_ref();
    let may = rustix::fs::access(place, May::WRITE_OK).is_ok();
    let path = place.join(".oz-check");
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path);
    if made.is_ok() {
        let _ = std::fs::remove_file(&path);
    }
    may || made.is_ok()
}

fn is_mounted_read_only(place: impl AsRef<Path>) -> bool {
    let read: io::Result<_> = rustix::fs::statvfs(place.as_ref()).map_err(Into::into);
    read.is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY))
}
