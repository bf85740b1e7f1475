//! The form of paths.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Violation;
use crate::plan::{Home, Op, Plan};

/// Most steps; a plan of a desktop app has about 120.
const MAX_STEPS: usize = 2048;

/// `PATH_MAX`, less the root's own path while it is built.
const MAX_PATH: usize = 3072;

/// Places that cannot hold a home, since something else is there.
const TAKEN: &[&str] = &[
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc",
    "/run", "/sbin", "/sys", "/usr",
];

/// Absolute, without `.`, `..`, doubled or trailing slashes and NUL: then components compare.
pub(super) fn is_plain(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    match bytes {
        [b'/'] => true,
        [b'/', rest @ ..] => {
            bytes.len() <= MAX_PATH
                && !rest.contains(&0)
                && rest
                    .split(|&b| b == b'/')
                    .all(|part| part.len() <= 255 && !matches!(part, b"" | b"." | b".."))
        }
        _ => false,
    }
}

/// Whether `path` is `tree` or lies in it; both plain, so that bytes compare as components do.
///
/// Rules that compare each step with each other would take longer than the whole launch if they
/// split paths into components every time.
pub(super) fn is_within(path: &Path, tree: &Path) -> bool {
    let (path, tree) = (path.as_os_str().as_bytes(), tree.as_os_str().as_bytes());
    match path.strip_prefix(tree) {
        Some([]) | Some([b'/', ..]) => true,
        Some(_) => tree == b"/",
        None => false,
    }
}

/// Whether two plain paths are the same.
pub(super) fn is_same(a: &Path, b: &Path) -> bool {
    a.as_os_str() == b.as_os_str()
}

/// Every comparison in the other rules is by components, which only plain paths have.
pub(super) fn are_plain(plan: &Plan) -> Result<(), Violation> {
    let targets = plan.root.iter().map(Op::target);
    let sources = plan.root.iter().filter_map(|op| match op {
        Op::Bind(bind) => Some(bind.source.path()),
        Op::Overlay(overlay) => Some(overlay.source.as_path()),
        _ => None,
    });
    let layers = plan.overlays().map(|overlay| overlay.layers.as_path());
    let private = match &plan.home {
        Home::Private(path) | Home::CopyOnWrite(path) => Some(path.as_path()),
        Home::Ephemeral | Home::None => None,
    };
    let listeners = plan
        .listeners
        .iter()
        .map(|listener| listener.path.as_path());
    let ruled = plan.rules.iter().flat_map(|ruled| &ruled.places);
    let mut all = targets
        .chain(ruled.chain(&plan.own).map(PathBuf::as_path))
        .chain(sources.chain(layers))
        .chain(private)
        .chain(listeners)
        .chain([plan.user.home.as_path()]);
    match all.find(|path| !is_plain(path)) {
        Some(path) => Err(Violation::new(
            "paths are absolute and plain",
            path.display(),
        )),
        None => Ok(()),
    }
}

/// A plan without end would keep init busy for ever.
pub(super) fn are_few(plan: &Plan) -> Result<(), Violation> {
    if plan.root.len() > MAX_STEPS {
        return Err(Violation::new("at most 2048 steps", plan.root.len()));
    }
    let places = plan.rules.iter().map(|ruled| ruled.places.len());
    if plan.rules.len().max(plan.own.len()) > MAX_STEPS || places.sum::<usize>() > MAX_STEPS {
        return Err(Violation::new(
            "at most 2048 rules and places",
            plan.rules.len(),
        ));
    }
    Ok(())
}

/// Else mounting the home would hide what other steps made.
pub(super) fn home_is_a_place_of_its_own(plan: &Plan) -> Result<(), Violation> {
    let home = plan.user.home.as_path();
    let taken = TAKEN.iter().any(|top| home.starts_with(top))
        || ["/", "/home", "/tmp", "/var"]
            .iter()
            .any(|top| home == Path::new(top));
    if taken {
        return Err(Violation::new(
            "the home is a directory of its own",
            home.display(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_alike_is_not_within() {
        let within = |path: &str, tree: &str| is_within(Path::new(path), Path::new(tree));
        assert!(within("/home/user", "/home/user") && within("/home/user/a", "/home/user"));
        assert!(within("/home", "/") && within("/", "/"));
        assert!(!within("/home/user2", "/home/user") && !within("/home", "/home/user"));
    }
}
