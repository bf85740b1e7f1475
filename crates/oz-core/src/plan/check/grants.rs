//! What of the host is inside.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;

use super::Violation;
use super::paths::{is_same, is_within};
use crate::plan::{Access, Bind, Effect, Home, Op, Plan, Source, layout};
use crate::protected;

/// Trees of the system that may be inside as a whole.
const TREES: &[&str] = &[
    "/usr", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
];

/// Trees of the system of which only parts below may be inside.
const PARTS: &[&str] = &["/etc", "/var/lib", "/var/cache"];

/// Parts of the system that identify the machine or hold its secrets, whatever a profile says.
const SECRET: &[&str] = &[
    "/etc/NetworkManager",
    "/etc/gshadow",
    "/etc/machine-id",
    "/etc/oz",
    "/etc/shadow",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/wireguard",
    "/var/lib/dbus",
    "/var/lib/systemd",
];

/// Trees that are the system's, where no place of a user is.
const NOT_THE_USERS: &[&str] = &[
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/proc", "/sys",
    "/dev", "/boot",
];

fn binds(plan: &Plan) -> impl Iterator<Item = &Bind> {
    plan.root.iter().filter_map(|op| match op {
        Op::Bind(bind) => Some(bind),
        _ => None,
    })
}

/// Symlinks are followed in sources of the system, so these must be places that only the system's
/// owner can write.
pub(super) fn system_sources_are_of_the_system(plan: &Plan) -> Result<(), Violation> {
    for bind in binds(plan).filter(|bind| !bind.device) {
        let Source::System(path) = &bind.source else {
            continue;
        };
        let whole = TREES.iter().any(|tree| is_within(path, Path::new(tree)));
        let part = PARTS
            .iter()
            .any(|tree| is_within(path, Path::new(tree)) && path != Path::new(tree));
        let secret = SECRET
            .iter()
            .any(|secret| is_within(path, Path::new(secret)) || is_within(Path::new(secret), path));
        if !(whole || part) || secret {
            return Err(Violation::new(
                "this part of the system is not for sandboxes",
                path.display(),
            ));
        }
        if bind.path != *path {
            return Err(Violation::new(
                "the system is at its own place",
                bind.path.display(),
            ));
        }
    }
    Ok(())
}

/// Places of the user are opened without following links; the system's tops, the root and
/// directories above the home are no places of the user.
pub(super) fn user_sources_are_not_of_the_system(plan: &Plan) -> Result<(), Violation> {
    for bind in binds(plan) {
        let Source::User(path) = &bind.source else {
            continue;
        };
        let of_system = NOT_THE_USERS
            .iter()
            .any(|tree| is_within(path, Path::new(tree)));
        if of_system || is_within(&plan.user.home, path) {
            return Err(Violation::new(
                "this is no place of the user to share",
                path.display(),
            ));
        }
        let live = bind.path == Path::new(layout::LIVE) && bind.access == Access::Read;
        let over_system = NOT_THE_USERS
            .iter()
            .chain(&[
                "/opt",
                "/run",
                "/var/cache",
                "/var/lib",
                "/var/run",
                "/var/tmp",
            ])
            .any(|tree| {
                is_within(&bind.path, Path::new(tree)) || is_within(Path::new(tree), &bind.path)
            });
        if over_system && !live && !layout::is_on_a_volume(&plan.user.name, &bind.path) {
            return Err(Violation::new(
                "a user's place is not put over the system",
                bind.path.display(),
            ));
        }
    }
    Ok(())
}

/// Nothing of the system is writable, though its permissions would say the same.
pub(super) fn system_is_read_only(plan: &Plan) -> Result<(), Violation> {
    let writable =
        |bind: &&Bind| matches!(bind.source, Source::System(_)) && bind.access == Access::Write;
    match binds(plan).find(writable) {
        Some(bind) => Err(Violation::new(
            "the system is read-only",
            bind.path.display(),
        )),
        None => Ok(()),
    }
}

/// Device nodes reach the hardware, except for a few.
pub(super) fn devices_are_harmless(plan: &Plan) -> Result<(), Violation> {
    for bind in binds(plan) {
        let source = bind.source.path();
        let listed = layout::DEVICES
            .iter()
            .any(|(path, _)| source == Path::new(path));
        let is_device = is_within(source, Path::new("/dev"));
        let good = listed && bind.path == source && matches!(bind.source, Source::System(_));
        if bind.device && !good || is_device && !bind.device {
            return Err(Violation::new(
                "only harmless devices are inside",
                source.display(),
            ));
        }
    }
    Ok(())
}

/// Who writes there leaves the sandbox: a start file, an autostart entry, our own state.
pub(super) fn nothing_protected_is_writable(plan: &Plan) -> Result<(), Violation> {
    let home = &plan.user.home;
    for bind in binds(plan).filter(|bind| bind.access == Access::Write) {
        let source = bind.source.path();
        let is_home = plan.home == Home::Private(source.to_owned()) && bind.path == *home;
        if is_home {
            continue;
        }
        let own = bind.path == source && plan.own.iter().any(|own| is_same(own, source));
        let theirs = |place: &&protected::Place| !(own && place.reason == protected::DATA);
        if let Some(place) = protected::is_protected(home, source)
            .filter(theirs)
            .or_else(|| protected::covers_protected(home, source))
        {
            return Err(Violation::new(
                "a protected place cannot be written",
                format!(
                    "{} because of ~/{}: {}",
                    source.display(),
                    place.path,
                    place.reason
                ),
            ));
        }
    }
    Ok(())
}

/// The step that decides what is at a place: of those that mount something there or above, the last.
fn decides<'p>(plan: &'p Plan, place: &Path) -> Option<&'p Op> {
    let mounts = |op: &&Op| {
        let mounts = matches!(op, Op::Bind(_) | Op::Mask { .. } | Op::Tmpfs { .. });
        mounts && is_within(place, op.target())
    };
    plan.root.iter().rev().find(mounts)
}

/// What is said of a rule is what is mounted. Only a directory that holds protected places may say that it can be
/// written and be read-only itself.
pub(super) fn rules_are_what_is_mounted(plan: &Plan) -> Result<(), Violation> {
    let home = &plan.user.home;
    for ruled in &plan.rules {
        for place in &ruled.places {
            let holds = match (ruled.effect, decides(plan, place)) {
                (Effect::Hide, Some(Op::Bind(bind))) => bind.path == *home,
                (Effect::Hide, _) => true,
                (effect, Some(Op::Bind(bind))) if is_same(&bind.path, place) => {
                    let of_user = matches!(bind.source, Source::User(_));
                    of_user && (effect == Effect::Write || bind.access == Access::Read)
                }
                _ => false,
            };
            if !holds {
                return Err(Violation::new(
                    "what is said of a rule is what is mounted",
                    place.display(),
                ));
            }
        }
    }
    Ok(())
}

/// What is taken out of a writable place stays out of it: no directory between the two can be renamed away, with
/// what covers the place, and another put there.
pub(super) fn nothing_can_be_renamed_away(plan: &Plan) -> Result<(), Violation> {
    let home = &plan.user.home;
    let writable = |op: &Op| matches!(op, Op::Bind(bind) if bind.access == Access::Write && bind.path != *home);
    if !plan.root.iter().any(writable) {
        return Ok(());
    }
    let mounts: HashMap<&OsStr, &Op> = plan
        .root
        .iter()
        .filter(|op| {
            matches!(
                op,
                Op::Bind(_) | Op::Mask { .. } | Op::Tmpfs { .. } | Op::Pin { .. }
            )
        })
        .map(|op| (op.target().as_os_str(), op))
        .collect();
    for op in mounts.values() {
        let takes_away = match op {
            Op::Bind(bind) => bind.access == Access::Read,
            // A pin must not be renamed itself.
            Op::Mask { .. } | Op::Tmpfs { .. } | Op::Pin { .. } => true,
            _ => false,
        };
        if !takes_away {
            continue;
        }
        let mut above = op.target().ancestors().skip(1);
        let next = |path: &Path| mounts.get(path.as_os_str());
        let parent = above.next().filter(|parent| next(parent).is_none());
        // The nearest mount above shows what is there, a pin what the mount above it does.
        let nearest = above
            .filter_map(next)
            .find(|op| !matches!(op, Op::Pin { .. }));
        let (Some(parent), Some(Op::Bind(bind))) = (parent, nearest) else {
            continue;
        };
        // The home is the app's own.
        if bind.access == Access::Write && bind.path != *home {
            return Err(Violation::new(
                "each directory above what is taken out of a writable place is a mount of its own",
                parent.display(),
            ));
        }
    }
    Ok(())
}

/// A readable directory above protected places has each of them masked, but those that a rule names.
pub(super) fn nothing_protected_shows_through(plan: &Plan) -> Result<(), Violation> {
    for (at, op) in plan.root.iter().enumerate() {
        let Op::Bind(bind) = op else { continue };
        let source = bind.source.path();
        if matches!(&plan.home, Home::Private(home) if home == source) {
            continue;
        }
        // Most of what is mounted is nowhere near the home.
        let home = &plan.user.home;
        if !is_within(source, home) && !is_within(home, source) {
            continue;
        }
        for place in protected::below(&plan.user.home, source) {
            let Ok(below) = place.strip_prefix(source) else {
                continue;
            };
            let mask = bind.path.join(below);
            // It, or what it lies in.
            let masked = |op: &Op| match op {
                Op::Mask { path } | Op::Tmpfs { path, .. } => {
                    let inside = is_within(path, &bind.path) && !is_same(path, &bind.path);
                    inside && is_within(&mask, path)
                }
                // A rule names it.
                Op::Bind(named) => {
                    let ruled = named.access == Access::Read && is_same(&named.path, &mask);
                    ruled && plan.rules.iter().any(|ruled| ruled.places.contains(&mask))
                }
                _ => false,
            };
            if !plan.root[at..].iter().any(masked) {
                return Err(Violation::new(
                    "protected places below a share are masked",
                    place.display(),
                ));
            }
        }
    }
    Ok(())
}
