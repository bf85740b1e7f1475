//! What of the host is inside.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Violation;
use super::paths::{is_plain, is_same, is_within};
use super::tree::is_copied_of_it;
use crate::plan::{Access, Bind, Effect, Home, Op, Overlay, Plan, Ruled, Source, layout};
use crate::protected;

/// Most places that are hidden of one copy; all protected ones are some hundred.
const MAX_HIDDEN: usize = 4096;

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
        if is_of_the_system(path) || is_within(&plan.user.home, path) {
            return Err(not_to_share(path));
        }
        let live = bind.path == Path::new(layout::LIVE) && bind.access == Access::Read;
        if !live && is_over_the_system(plan, &bind.path) {
            return Err(put_over(&bind.path));
        }
    }
    for overlay in plan.overlays() {
        let (source, path) = (&overlay.source, &overlay.path);
        let is_home = is_same(source, &plan.user.home) && is_same(path, &plan.user.home);
        if is_of_the_system(source) || is_within(&plan.user.home, source) && !is_home {
            return Err(not_to_share(source));
        }
        if is_over_the_system(plan, path) && !is_copied_of_it(plan, overlay) {
            return Err(put_over(path));
        }
    }
    Ok(())
}

/// Whether a path is in a part of the host where nothing is a user's.
pub fn is_of_the_system(path: &Path) -> bool {
    NOT_THE_USERS
        .iter()
        .any(|tree| is_within(path, Path::new(tree)))
}

fn is_over_the_system(plan: &Plan, path: &Path) -> bool {
    let others = [
        "/opt",
        "/run",
        "/var/cache",
        "/var/lib",
        "/var/run",
        "/var/tmp",
    ];
    let mut all = NOT_THE_USERS.iter().chain(&others).map(Path::new);
    let over = all.any(|tree| is_within(path, tree) || is_within(tree, path));
    over && !layout::is_on_a_volume(&plan.user.name, path)
}

fn not_to_share(path: &Path) -> Violation {
    Violation::new("this is no place of the user to share", path.display())
}

fn put_over(path: &Path) -> Violation {
    Violation::new("a user's place is not put over the system", path.display())
}

/// Layers of copies: no sandbox sees them, or it could put there what the kernel takes for the place itself, and no
/// two places have the same.
pub(super) fn layers_are_kept_apart(plan: &Plan) -> Result<(), Violation> {
    let overlaps = |a: &Path, b: &Path| is_within(a, b) || is_within(b, a);
    let overlays: Vec<&Overlay> = plan.overlays().collect();
    for (at, overlay) in overlays.iter().enumerate() {
        let layers = &overlay.layers;
        let odd = |hidden: &&PathBuf| {
            hidden.as_os_str().is_empty() || !is_plain(&Path::new("/").join(hidden))
        };
        if let Some(hidden) = overlay.hidden.iter().find(odd) {
            return Err(Violation::new(
                "what is hidden of a copy is a plain path below it",
                hidden.display(),
            ));
        }
        if overlay.hidden.len() > MAX_HIDDEN {
            return Err(Violation::new(
                "at most 4096 places are hidden of a copy",
                overlay.hidden.len(),
            ));
        }
        let shared = overlays[..at]
            .iter()
            .any(|other| overlaps(&other.layers, layers));
        let bound = binds(plan).any(|bind| {
            let source = &*bind.source.on_host();
            // What lies above shows them, unless it is covered, as protected places are.
            is_within(source, layers)
                || is_within(layers, source) && !is_covered(plan, bind, layers)
        });
        let seen = overlays.iter().any(|other| {
            is_within(&other.source, layers)
                || layers
                    .strip_prefix(&other.source)
                    .is_ok_and(|below| !other.hides(&other.path.join(below)))
        });
        if shared || bound || seen || is_of_the_system(layers) {
            return Err(Violation::new(
                "no sandbox sees the layers of a copy",
                layers.display(),
            ));
        }
    }
    Ok(())
}

/// Whether a mask hides a place that a bind would show.
fn is_covered(plan: &Plan, bind: &Bind, place: &Path) -> bool {
    let Ok(below) = place.strip_prefix(bind.source.path()) else {
        return false;
    };
    let at = bind.path.join(below);
    plan.root.iter().any(|op| {
        let masks = matches!(op, Op::Mask { .. } | Op::Tmpfs { .. });
        masks && is_within(&at, op.target()) && !is_within(&bind.path, op.target())
    })
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
        let is_device = is_within(source, Path::new("/dev"));
        let listed = || {
            let mut all = layout::DEVICES.iter().map(|(path, _)| Path::new(path));
            all.any(|path| is_same(source, path))
        };
        let good = is_device
            && is_same(&bind.path, source)
            && matches!(bind.source, Source::System(_))
            && listed();
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
        let mounts = matches!(
            op,
            Op::Bind(_) | Op::Overlay(_) | Op::Mask { .. } | Op::Tmpfs { .. }
        );
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
                (Effect::Hide, Some(Op::Overlay(overlay))) => overlay.hides(place),
                (Effect::Hide, _) => true,
                (Effect::CopyOnWrite, Some(Op::Overlay(overlay))) => !overlay.hides(place),
                (Effect::CopyOnWrite, _) => false,
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
    for overlay in plan.overlays() {
        let named = |place: &Path| {
            let is_there = |ruled: &Ruled| ruled.places.iter().any(|at| is_same(at, place));
            plan.rules.iter().any(is_there)
        };
        let itself = protected::is_protected(&plan.user.home, &overlay.source);
        if itself.is_some() && !named(&overlay.path) {
            return Err(shows_through(&overlay.source));
        }
        for (place, reason) in protected::below_with_reasons(&plan.user.home, &overlay.source) {
            let Ok(below) = place.strip_prefix(&overlay.source) else {
                continue;
            };
            let at = overlay.path.join(below);
            let seen = reason == protected::DIRECTORIES || reason != protected::OWN && named(&at);
            if !seen && !overlay.hides(&at) {
                return Err(shows_through(&place));
            }
        }
    }
    for (at, op) in plan.root.iter().enumerate() {
        let Op::Bind(bind) = op else { continue };
        let source = &*bind.source.on_host();
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
                return Err(shows_through(&place));
            }
        }
    }
    Ok(())
}

fn shows_through(place: &Path) -> Violation {
    Violation::new("protected places below a share are masked", place.display())
}
