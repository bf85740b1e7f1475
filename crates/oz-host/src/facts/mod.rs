//! Facts of the host that a plan is built from.

mod paths;
mod rules;
mod tree;
mod user_dirs;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit};

pub use oz_core::plan::facts::Paths;
use oz_core::plan::{HostFacts, User};

use crate::resolve::canonical;
use crate::{copies, environment};
pub use rules::look_for_rules;
pub use tree::{has_program, look_at_tree, look_in_tree};

/// Where the user's well-known directories are, by their names (`MUSIC`).
pub fn well_known(home: &Path) -> BTreeMap<String, PathBuf> {
    user_dirs::read(home)
}

/// `$HOME`, canonical. The table of users is not asked: a program that does may have to load more of itself.
pub fn home() -> io::Result<PathBuf> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "the variable HOME names none");
    Ok(canonical(&environment::home().ok_or_else(missing)?)?)
}

/// Who runs this process. The home is `$HOME`, canonical: paths inside are those that the user's
/// files really have.
pub fn user() -> io::Result<User> {
    // Who that is does not change while the process runs, and to ask takes long.
    static ENTRY: OnceLock<nix::unistd::User> = OnceLock::new();
    let uid = nix::unistd::getuid();
    if ENTRY.get().is_none()
        && let Some(entry) = nix::unistd::User::from_uid(uid)?
    {
        let _ = ENTRY.set(entry);
    }
    let entry = ENTRY.get();
    let home = environment::home()
        .or_else(|| entry.map(|entry| entry.dir.clone()))
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the user has no home directory"))?;
    Ok(User {
        uid: uid.as_raw(),
        gid: nix::unistd::getgid().as_raw(),
        name: entry.map_or_else(|| "user".to_owned(), |entry| entry.name.clone()),
        home: canonical(&home)?,
    })
}

/// Looks at paths.
pub fn look(user: &User, probes: &[PathBuf]) -> Paths {
    let mut paths = Paths::new();
    for probe in probes {
        paths::look(&user.home, probe, &mut paths);
    }
    paths
}

/// Looks at the probed paths and all else that a plan depends on, but for what only rules do: see
/// [`look_for_rules`]. `paths` are known already.
pub fn gather(
    user: User,
    mut paths: Paths,
    probes: &[PathBuf],
    session: BTreeMap<String, String>,
) -> io::Result<HostFacts> {
    for probe in probes {
        paths::look(&user.home, probe, &mut paths);
    }
    let runtime = as_canonical(&environment::runtime().join("oz"));
    let state = as_canonical(&environment::state().join("oz"));
    Ok(HostFacts {
        paths,
        xdg: BTreeMap::new(),
        protected: Vec::new(),
        matches: BTreeMap::new(),
        listings: BTreeMap::new(),
        cpus: rustix::thread::sched_getaffinity(None).map_or(1, |cpus| cpus.count()),
        memory: memory(),
        open_files: open_files(),
        tree: None,
        copies: copies::place(&state, &runtime),
        runtime,
        state,
        session,
        user,
    })
}

/// The soft limit of open files that this process was started with, which is that of the session's other
/// programs; to be asked first before the process raises its own.
pub fn open_files() -> u32 {
    static AT_START: OnceLock<u32> = OnceLock::new();
    *AT_START.get_or_init(|| {
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
        u32::try_from(soft).unwrap_or(u32::MAX)
    })
}

/// Memory of the machine, in bytes.
fn memory() -> u64 {
    let info = rustix::system::sysinfo();
    info.totalram.saturating_mul(u64::from(info.mem_unit))
}

/// The canonical path of what exists of it, and the rest.
fn as_canonical(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (canonical(ancestor), path.strip_prefix(ancestor)) {
            return if rest.as_os_str().is_empty() {
                found
            } else {
                found.join(rest)
            };
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_yet_follows_what_does() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = canonical(directory.path()).expect("a path");
        std::fs::create_dir(at.join("real")).expect("a directory");
        std::os::unix::fs::symlink("real", at.join("link")).expect("a link");
        assert_eq!(as_canonical(&at.join("link/a/b")), at.join("real/a/b"));
        assert_eq!(as_canonical(&at.join("link")), at.join("real"));
    }

    #[test]
    fn a_gathered_host_has_what_was_probed() {
        let facts = user()
            .and_then(|user| {
                gather(
                    user,
                    Paths::new(),
                    &["/usr".into(), "/nonexistent".into()],
                    BTreeMap::new(),
                )
            })
            .expect("facts");
        assert!(facts.paths.contains_key(Path::new("/usr")));
        assert!(!facts.paths.contains_key(Path::new("/nonexistent")));
        assert!(facts.cpus >= 1);
        assert!(facts.memory > 1 << 20, "{}", facts.memory);
        assert!(facts.user.home.is_absolute());
    }
}
