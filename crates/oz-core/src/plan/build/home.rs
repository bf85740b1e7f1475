//! The home directory, the user's looks in it, and the places that the profile shares.

use std::path::{Path, PathBuf};

use super::BuildError;
use super::root::{Shape, tmpfs};
use crate::plan::facts::PathFact;
use crate::plan::{Access, Bind, Home, Op, Source, User};
use crate::profile::Profile;
use crate::profile::files::{Share, SharePath};
use crate::protected;

/// Looks of the user's desktop that apps share, read-only, each with its reason.
const LOOKS: &[(&str, &str)] = &[
    (".fonts", "fonts"),
    (".fonts.conf", "which fonts are preferred"),
    (".config/fontconfig", "which fonts are preferred"),
    (".local/share/fonts", "fonts"),
    (".icons", "icons and cursors"),
    (".local/share/icons", "icons and cursors"),
    (
        ".config/user-dirs.dirs",
        "what the well-known directories are called",
    ),
    (".themes", "themes"),
    (".local/share/themes", "themes"),
];

/// A shared place of the host and where it is inside.
pub(super) struct Placed {
    source: PathBuf,
    pub target: PathBuf,
    access: Access,
    pub directory: bool,
}

pub(super) fn probes(profile: &Profile, user: &User, paths: &mut Vec<PathBuf>) {
    paths.extend(LOOKS.iter().map(|(path, _)| user.home.join(path)));
    for share in &profile.files.share {
        match &share.path {
            SharePath::Home(below) => {
                let first = below.components().next().map(|part| user.home.join(part));
                paths.extend(first.into_iter().chain([user.home.join(below)]));
            }
            SharePath::Absolute(path) => paths.push(path.clone()),
            // The facts have the well-known directories anyway.
            SharePath::Xdg(_) => {}
        }
    }
}

/// The home itself and the user's looks.
pub(super) fn operations(shape: &Shape<'_>, shares: &[Placed], size: u64, ops: &mut Vec<Op>) {
    let home = shape.user_home();
    match shape.home {
        Home::Ephemeral => ops.push(tmpfs(home, 0o700, size, false)),
        Home::Private(path) => ops.push(bind(path, home, Access::Write, false)),
        // It was made with the root. What shows how the user's desktop looks is content as well.
        Home::None => return,
    }
    for (below, _) in LOOKS {
        let path = home.join(below);
        if shares.iter().any(|share| path.starts_with(&share.target)) {
            // The share shows it already, and would hide it.
            continue;
        }
        // Links are left out: what they lead to may be anything.
        if let Some(PathFact::Directory | PathFact::File) = shape.facts.paths.get(&path) {
            let Op::Bind(mut look) = bind(&path, &path, Access::Read, true) else {
                continue;
            };
            look.noexec = true;
            ops.push(Op::Bind(look));
        }
    }
}

/// The profile's shares with their places found, outer ones before inner ones.
pub(super) fn shares(shape: &Shape<'_>) -> Result<Vec<Placed>, BuildError> {
    let mut placed = Vec::new();
    for share in &shape.profile.files.share {
        placed.extend(place(shape, share)?);
    }
    placed.sort_by_key(|share| share.target.components().count());
    placed.dedup_by(|later, earlier| later.target == earlier.target);
    Ok(placed)
}

/// Where a share is; none if it is optional and does not exist.
fn place(shape: &Shape<'_>, share: &Share) -> Result<Option<Placed>, BuildError> {
    let facts = shape.facts;
    let name = share.path.to_string();
    let target = match &share.path {
        SharePath::Home(below) => facts.user.home.join(below),
        SharePath::Absolute(path) => path.clone(),
        SharePath::Xdg(xdg) => match facts.xdg.get(xdg) {
            Some(path) => path.clone(),
            None if share.optional => return Ok(None),
            None => return Err(BuildError::NoSuchDirectory { share: name }),
        },
    };
    let mut source = target.clone();
    let mut fact = facts.paths.get(&source);
    if let Some(PathFact::Symlink(canonical)) = fact
        && is_behind_a_first_link(shape, &target, canonical)
        && let Some(behind) = facts.paths.get(canonical)
    {
        source.clone_from(canonical);
        fact = Some(behind);
    }
    let directory = match fact {
        Some(PathFact::Directory) => true,
        Some(PathFact::File) => false,
        Some(PathFact::Symlink(_)) => {
            return Err(BuildError::Link {
                share: name,
                path: source,
            });
        }
        Some(PathFact::Other) => {
            return Err(BuildError::Kind {
                share: name,
                path: source,
            });
        }
        None if share.optional => return Ok(None),
        None => {
            return Err(BuildError::Missing {
                share: name,
                path: source,
            });
        }
    };
    if share.access == Access::Write {
        refuse_protected(shape, &name, &source)?;
        refuse_protected(shape, &name, &target)?;
    }
    Ok(Some(Placed {
        source,
        target,
        access: share.access,
        directory,
    }))
}

/// Only a link directly in the home is followed: the home is never writable inside, so no app has
/// made it. A deeper one could be an app's that has a share there, and lead to the user's keys.
fn is_behind_a_first_link(shape: &Shape<'_>, target: &Path, canonical: &Path) -> bool {
    let home = shape.user_home();
    let Ok(below) = target.strip_prefix(home) else {
        return false;
    };
    let mut parts = below.components();
    let Some(first) = parts.next() else {
        return false;
    };
    match shape.facts.paths.get(&home.join(first)) {
        Some(PathFact::Symlink(to)) => match parts.as_path() {
            rest if rest.as_os_str().is_empty() => canonical == to,
            rest => canonical == to.join(rest),
        },
        _ => false,
    }
}

fn refuse_protected(shape: &Shape<'_>, share: &str, path: &Path) -> Result<(), BuildError> {
    let facts = shape.facts;
    let home = &facts.user.home;
    let refusal = |place: String, inside, reason| {
        Err(BuildError::Protected {
            share: share.to_owned(),
            place,
            inside,
            reason,
        })
    };
    if let Some(place) = protected::is_protected(home, path) {
        return refusal(format!("~/{}", place.path), true, place.reason);
    }
    if let Some(place) = protected::covers_protected(home, path) {
        return refusal(format!("~/{}", place.path), false, place.reason);
    }
    for place in &facts.protected {
        if path.starts_with(place) || place.starts_with(path) {
            let inside = path.starts_with(place);
            return refusal(place.display().to_string(), inside, protected::LINKED);
        }
    }
    for own in [&facts.state, &facts.runtime] {
        if path.starts_with(own) || own.starts_with(path) {
            let inside = path.starts_with(own);
            return refusal(own.display().to_string(), inside, protected::OWN);
        }
    }
    Ok(())
}

pub(super) fn share_operations(shape: &Shape<'_>, shares: &[Placed], ops: &mut Vec<Op>) {
    for share in shares {
        ops.push(bind(&share.source, &share.target, share.access, false));
        // Who may read a directory may not thereby read the keys below it.
        let linked = shape.facts.protected.iter().cloned();
        for place in protected::below(shape.user_home(), &share.source).chain(linked) {
            if let Ok(below) = place.strip_prefix(&share.source)
                && below != Path::new("")
            {
                ops.push(Op::Mask {
                    path: share.target.join(below),
                });
            }
        }
    }
}

fn bind(source: &Path, target: &Path, access: Access, optional: bool) -> Op {
    Op::Bind(Bind {
        source: Source::User(source.to_owned()),
        path: target.to_owned(),
        access,
        noexec: false,
        optional,
        device: false,
    })
}
