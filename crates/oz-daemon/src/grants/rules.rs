//! What may be granted at all, and what a sandbox shows anyway.

use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::{Access, Op, Plan};
use oz_core::protected;
use oz_host::protected::Protected;
use oz_host::resolve::canonical;

use crate::directories::Directories;
use crate::failure::{Failure, Kind, Result};

/// Places outside the home that no grant may be, hold, or lie in, with the reason.
const NEVER: &[(&str, &str)] = &[
    ("/proc", "it shows and controls the host's processes"),
    ("/sys", "it shows and controls the host's hardware"),
    ("/dev", "devices are given by profile only"),
    (
        "/run",
        "the sockets of the host's services and of the session are there",
    ),
    ("/var/run", "the sockets of the host's services are there"),
    ("/tmp/.X11-unix", "the host's X server listens there"),
    ("/tmp/.ICE-unix", "the session manager listens there"),
];

/// Refuses what would open the sandbox.
pub(crate) fn check(
    directories: &Directories,
    home: &Path,
    path: &Path,
    access: Access,
) -> Result<()> {
    // Paths of grants are canonical; ours come from the environment.
    let real = |path: &Path| canonical(path).unwrap_or_else(|_| path.to_owned());
    let (runtime, state) = (real(&directories.runtime), real(&directories.state));
    let ours = [
        (runtime.as_path(), "the sockets of the session are there"),
        (
            runtime.parent().unwrap_or(path),
            "the sockets of the session are there",
        ),
        (state.as_path(), "what Oz keeps about sandboxes is there"),
    ];
    let never = NEVER
        .iter()
        .map(|(place, reason)| (Path::new(*place), *reason));
    for (place, reason) in never.chain(ours) {
        if path.starts_with(place) || place.starts_with(path) {
            return Err(refuse(path, access, place, reason));
        }
    }
    let real = Protected::look(home);
    if access == Access::Write
        && let Some(place) = protected::is_protected(home, path).or_else(|| real.holding(path))
    {
        return Err(refuse(path, access, &home.join(place.path), place.reason));
    }
    // A helper cannot yet hide a part of what it shows, so also reading stops here.
    if let Some(place) = protected::covers_protected(home, path).or_else(|| real.below(path)) {
        return Err(refuse(path, access, &home.join(place.path), place.reason));
    }
    Ok(())
}

fn refuse(path: &Path, access: Access, place: &Path, reason: &str) -> Failure {
    let what = match access {
        Access::Read => "shown",
        Access::Write => "made writable",
    };
    let path = OsBytes::from(path);
    let place = OsBytes::from(place);
    let within = if path == place {
        String::new()
    } else {
        format!("{place}: ")
    };
    Failure::new(
        Kind::Refused,
        format!("{path} is not {what} to a sandbox, because of {within}{reason}"),
        "Name the files or directories in it that the app needs",
    )
}

/// Whether the plan shows the path at the same place anyway, as it does with /usr.
pub(crate) fn shown_by(plan: &Plan, path: &Path, access: Access) -> bool {
    // The last step that touches the path, or what is above it, decides.
    let step = plan
        .root
        .iter()
        .rev()
        .find(|op| path.starts_with(op.target()));
    match step {
        Some(Op::Bind(bind)) => {
            bind.source.path() == bind.path && (access == Access::Read || bind.access == access)
        }
        Some(Op::ReadOnly { path: target }) if access == Access::Read => plan.root.iter().any(
            |op| matches!(op, Op::Bind(bind) if bind.path == *target && bind.source.path() == target),
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str, access: Access) -> bool {
        let directories = Directories {
            runtime: "/tmp/x/run/oz".into(),
            state: "/home/u/.local/state/oz".into(),
            libexec: "/usr/libexec/oz".into(),
        };
        check(&directories, Path::new("/home/u"), Path::new(path), access).is_err()
    }

    #[test]
    fn the_hosts_sockets_and_our_own_state_are_never_granted() {
        for path in [
            "/",
            "/proc",
            "/proc/1",
            "/run/user/1000",
            "/run/user/1000/bus",
            "/dev/shm",
            "/tmp",
            "/tmp/.X11-unix/X0",
            "/tmp/x/run/wayland-0",
            "/tmp/x/run",
            "/home/u/.local/state/oz/homes/a",
            "/home/u/.local/state",
            "/home",
        ] {
            assert!(refused(path, Access::Read), "{path}");
        }
        for path in [
            "/tmp/y",
            "/home/u/x.txt",
            "/srv",
            "/home/u2/.local/state/oz",
        ] {
            assert!(!refused(path, Access::Read), "{path}");
        }
    }

    #[test]
    fn our_own_state_is_ours_also_behind_a_link() {
        let base = tempfile::tempdir().expect("a directory");
        let real = canonical(base.path()).expect("a path");
        std::fs::create_dir_all(real.join("disk/oz/homes/a")).expect("made");
        std::os::unix::fs::symlink("disk", real.join("state")).expect("linked");
        let directories = Directories {
            runtime: "/tmp/x/run/oz".into(),
            state: real.join("state/oz"),
            libexec: "/usr/libexec/oz".into(),
        };
        for (path, refused) in [("disk/oz/homes/a", true), ("disk", true), ("other", false)] {
            let path = real.join(path);
            let checked = check(&directories, Path::new("/home/u"), &path, Access::Read);
            assert_eq!(checked.is_err(), refused, "{}", path.display());
        }
    }
}
