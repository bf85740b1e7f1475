//! What may be granted at all, and what a sandbox shows anyway.

use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::{Access, Op, Plan, User, layout};
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

/// Why neither the home nor what is above it is shown.
const OWN_HOME: &str = "the app has a home of its own there";
/// Why our own state is not.
const OWN_STATE: &str = "what Oz keeps about sandboxes is there";

/// Refuses what would open the sandbox; returns what is hidden below the path if it is shown.
pub(crate) fn check(
    directories: &Directories,
    user: &User,
    path: &Path,
    access: Access,
) -> Result<Vec<OsBytes>> {
    Rules::look(directories, user).check(path, access)
}

/// What is checked against: looked at once for all files of a request.
pub(crate) struct Rules<'a> {
    user: &'a User,
    runtime: PathBuf,
    state: PathBuf,
    found: Protected,
}

impl<'a> Rules<'a> {
    pub(crate) fn look(directories: &Directories, user: &'a User) -> Self {
        // Paths of grants are canonical; ours come from the environment.
        let real = |path: &Path| canonical(path).unwrap_or_else(|_| path.to_owned());
        Self {
            user,
            runtime: real(&directories.runtime),
            state: real(&directories.state),
            found: Protected::look(user.home.as_path()),
        }
    }

    /// As [`check`].
    pub(crate) fn check(&self, path: &Path, access: Access) -> Result<Vec<OsBytes>> {
        refuse_or_hide(self, path, access)
    }
}

fn refuse_or_hide(rules: &Rules<'_>, path: &Path, access: Access) -> Result<Vec<OsBytes>> {
    let Rules {
        user,
        runtime,
        state,
        found,
    } = rules;
    let home = user.home.as_path();
    let ours = [
        (runtime.as_path(), "the sockets of the session are there"),
        (
            runtime.parent().unwrap_or(path),
            "the sockets of the session are there",
        ),
    ];
    // There is also what gvfs shows of devices and other machines, a directory for each.
    let remote = runtime.with_file_name("gvfs");
    let elsewhere =
        layout::is_on_a_volume(&user.name, path) || (path != remote && path.starts_with(&remote));
    let never = NEVER
        .iter()
        .filter(|(place, _)| *place != "/run" || !elsewhere)
        .map(|(place, reason)| (Path::new(*place), *reason));
    let ours = ours.into_iter().filter(|_| !elsewhere);
    for (place, reason) in never.chain(ours) {
        if path.starts_with(place) || place.starts_with(path) {
            return Err(refuse(path, access, place, reason));
        }
    }
    if home.starts_with(path) {
        return Err(refuse(path, access, home, OWN_HOME));
    }
    if path.starts_with(state) {
        return Err(refuse(path, access, state, OWN_STATE));
    }
    if access == Access::Write && state.starts_with(path) {
        return Err(refuse_with(path, access, state, OWN_STATE, RULE));
    }
    if access == Access::Write {
        let inside = protected::is_protected(home, path).or_else(|| found.holding(path));
        let below = || protected::covers_protected(home, path).or_else(|| found.below(path));
        if let Some(place) = inside {
            return Err(refuse(path, access, &home.join(place.path), place.reason));
        }
        if let Some(place) = below() {
            // What is added is one mount; to close it on the way takes many.
            let (place, reason) = (home.join(place.path), place.reason);
            return Err(refuse_with(path, access, &place, reason, RULE));
        }
        return Ok(Vec::new());
    }
    if let Some(place) = found.below_unseen(path) {
        return Err(refuse(path, access, &home.join(place.path), place.reason));
    }
    let named = protected::below(home, path);
    let found = found.all_below(path).map(Path::to_owned);
    let mut hide: Vec<OsBytes> = named.chain(found).map(Into::into).collect();
    if state.starts_with(path) {
        hide.push(state.as_path().into());
    }
    hide.sort();
    hide.dedup();
    Ok(hide)
}

/// What to do instead of naming a directory for writing that holds a protected place.
const RULE: &str = "Name the directories in it that the app needs, or write a rule for it in the app's \
                    profile (`files.rules`)";

fn refuse(path: &Path, access: Access, place: &Path, reason: &str) -> Failure {
    let remedy = "Name the files or directories in it that the app needs";
    refuse_with(path, access, place, reason, remedy)
}

fn refuse_with(path: &Path, access: Access, place: &Path, reason: &str, remedy: &str) -> Failure {
    let what = match access {
        Access::Read => "shown",
        Access::Write => "made writable",
    };
    let path = OsBytes::from(path);
    let place = OsBytes::from(place);
    let why = match path == place {
        true => format!("because {reason}"),
        false => format!("because of {place}: {reason}"),
    };
    Failure::new(
        Kind::Refused,
        format!("{path} is not {what} to a sandbox, {why}"),
        remedy,
    )
}

/// Whether the plan shows the path at the same place anyway, as it does with /usr.
pub(crate) fn shown_by(plan: &Plan, path: &Path, access: Access) -> bool {
    // The last step that touches the path, or what is above it, decides.
    let step = plan
        .root
        .iter()
        .rev()
        .filter(|op| !matches!(op, Op::Pin { .. }))
        .find(|op| path.starts_with(op.target()));
    match step {
        Some(Op::Bind(bind)) => {
            bind.source.on_host() == bind.path && (access == Access::Read || bind.access == access)
        }
        Some(Op::Overlay(overlay)) => {
            access == Access::Read && overlay.source == overlay.path && !overlay.hides(path)
        }
        Some(Op::ReadOnly { path: target }) if access == Access::Read => plan.root.iter().any(
            |op| matches!(op, Op::Bind(bind) if bind.path == *target && bind.source.on_host() == *target),
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            uid: 1000,
            gid: 1000,
            name: "u".into(),
            home: "/home/u".into(),
        }
    }

    fn refused(path: &str, access: Access) -> bool {
        let directories = Directories {
            runtime: "/tmp/x/run/oz".into(),
            state: "/home/u/.local/state/oz".into(),
            libexec: "/usr/libexec/oz".into(),
        };
        check(&directories, &user(), Path::new(path), access).is_err()
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
            "/home/u",
            "/home",
            "/run/media",
            "/run/media/u",
            "/run/media/other/disk",
            "/run/mediau/u/disk",
        ] {
            assert!(refused(path, Access::Read), "{path}");
        }
        assert!(refused("/home/u/.local/state", Access::Write));
        for path in [
            "/tmp/y",
            "/home/u/x.txt",
            "/srv",
            "/home/u2/.local/state/oz",
            "/run/media/u/disk",
            "/run/media/u/disk/pictures",
            "/media/u/disk",
            "/mnt",
        ] {
            assert!(!refused(path, Access::Read), "{path}");
            assert!(!refused(path, Access::Write), "{path}");
        }
    }

    #[test]
    fn what_gvfs_shows_is_the_users_and_what_else_is_there_is_not() {
        let directories = Directories {
            runtime: "/run/user/1000/oz".into(),
            state: "/home/u/.local/state/oz".into(),
            libexec: "/usr/libexec/oz".into(),
        };
        let gvfs = "/run/user/1000/gvfs";
        for access in [Access::Read, Access::Write] {
            let check = |path: &str| check(&directories, &user(), Path::new(path), access);
            assert!(check(&format!("{gvfs}/smb-share:server=a,share=b/letter")).is_ok());
            for path in [
                gvfs,
                "/run/user/1000",
                "/run/user/1000/bus",
                "/run/user/1000/oz/x",
                "/run/user/1000/gvfsd/x",
                "/run/user/1001/gvfs/x",
            ] {
                assert!(check(path).is_err(), "{path}");
            }
        }
    }

    #[test]
    fn a_refusal_is_a_sentence() {
        let line = |path: &str| {
            let path = Path::new(path);
            let failure = refuse(path, Access::Read, Path::new("/home/u"), OWN_HOME);
            failure.to_string()
        };
        let home = "/home/u is not shown to a sandbox, because the app has a home of its own there";
        assert!(line("/home/u").starts_with(home), "{}", line("/home/u"));
        let above =
            "/home is not shown to a sandbox, because of /home/u: the app has a home of its own";
        assert!(line("/home").starts_with(above), "{}", line("/home"));
    }

    #[test]
    fn what_is_protected_below_a_directory_is_hidden_in_it() {
        let directories = Directories {
            runtime: "/tmp/x/run/oz".into(),
            state: "/home/u/.local/state/oz".into(),
            libexec: "/usr/libexec/oz".into(),
        };
        let hidden = |path: &str| check(&directories, &user(), Path::new(path), Access::Read);
        let hide = hidden("/home/u/.config").expect("shown");
        assert!(hide.contains(&"/home/u/.config/autostart".into()));
        assert!(!hide.contains(&"/home/u/.ssh".into()));
        let state = hidden("/home/u/.local").expect("shown");
        assert!(state.contains(&"/home/u/.local/state/oz".into()));
        assert!(hidden("/home/u/Documents").expect("shown").is_empty());
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
            let checked = check(&directories, &user(), &path, Access::Write);
            assert_eq!(checked.is_err(), refused, "{}", path.display());
        }
    }
}
