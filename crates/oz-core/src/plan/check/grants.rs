//! What of the host is inside.

use std::path::Path;

use super::Violation;
use super::paths::{is_same, is_within};
use crate::plan::{Access, Bind, Home, Op, Plan, Source, layout};
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
        if let Some(place) = protected::is_protected(home, source)
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

/// A readable directory above protected places has each of them masked.
pub(super) fn nothing_protected_shows_through(plan: &Plan) -> Result<(), Violation> {
    for (at, op) in plan.root.iter().enumerate() {
        let Op::Bind(bind) = op else { continue };
        let source = bind.source.path();
        if plan.home == Home::Private(source.to_owned()) {
            continue;
        }
        for place in protected::below(&plan.user.home, source) {
            let Ok(below) = place.strip_prefix(source) else {
                continue;
            };
            let mask = bind.path.join(below);
            let masked = |op: &Op| matches!(op, Op::Mask { path } if is_same(path, &mask));
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
