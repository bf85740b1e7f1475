//! The directory of a session: everything that it leaves on disk is in it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::environment::Places;
use crate::user::User;

/// Makes a fresh directory tree that belongs to the user and that nobody else can enter.
///
/// It is beneath the user's home, not in /tmp: a sandbox has a /tmp of its own, and a home in it
/// would be a thing that no real machine has.
pub(super) fn make(user: &User) -> Result<PathBuf> {
    let base = if user.drop {
        user.home.clone()
    } else {
        user.home.join(".cache")
    };
    if !base.exists() {
        fs::create_dir_all(&base).with_context(|| format!("cannot make {}", base.display()))?;
    }
    let root = base.join(format!("oz-session-{}", fresh_id()?));
    for dir in ["", "run", "home", "tmp", "log"] {
        private_dir(&root.join(dir), user)?;
    }
    Ok(root)
}

/// Makes a directory of mode 0700 that belongs to the user.
pub(super) fn private_dir(path: &Path, user: &User) -> Result<()> {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    if user.drop {
        chown(path, Some(user.uid), Some(user.gid))?;
    }
    Ok(())
}

fn fresh_id() -> Result<String> {
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").context("cannot draw an id")?;
    Ok(uuid.chars().take(8).collect())
}

/// Gives the session its own view of the prefix: hard links where they can be, else copies.
///
/// Its own, because the checkout may be where the user cannot go, and because a build that
/// happens meanwhile must not change the programs of a session that runs.
pub(super) fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_tree(&entry.path(), &target)?;
        } else {
            link(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Links one file; copies it if it is on another file system or only its owner can read it.
pub(super) fn link(from: &Path, to: &Path) -> Result<()> {
    let mode = fs::metadata(from)
        .with_context(|| format!("cannot read {}", from.display()))?
        .mode();
    let open = mode & 0o004 != 0 && (mode & 0o100 == 0 || mode & 0o001 != 0);
    if open && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    let everybody = mode | 0o044 | ((mode & 0o100) >> 3) | ((mode & 0o100) >> 6);
    fs::set_permissions(to, fs::Permissions::from_mode(everybody & 0o755))?;
    Ok(())
}

/// Removes the tree with what a session has mounted in it, also directories that somebody made unreadable (an overlay's work).
pub(super) fn remove(root: &Path) -> Result<()> {
    // It is only in the session's own namespace, which the last of its processes may still be in.
    let _ = rustix::mount::unmount(Places(root).run(), rustix::mount::UnmountFlags::DETACH);
    if fs::remove_dir_all(root).is_ok() {
        return Ok(());
    }
    open_up(root);
    match fs::remove_dir_all(root) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", root.display()))
        }
        _ => Ok(()),
    }
}

fn open_up(dir: &Path) {
    // What cannot be changed shows as the error of the removal that follows.
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_directory_is_removed_all_the_same() {
        let root = std::env::temp_dir().join(format!("oz-xtask-dirs-{}", std::process::id()));
        fs::create_dir_all(root.join("work/work")).unwrap();
        fs::write(root.join("work/work/f"), "x").unwrap();
        fs::set_permissions(root.join("work/work"), fs::Permissions::from_mode(0o000)).unwrap();
        remove(&root).unwrap();
        assert!(!root.exists());
    }

    #[test]
    fn a_linked_tree_keeps_what_the_original_loses() {
        let root = std::env::temp_dir().join(format!("oz-xtask-link-{}", std::process::id()));
        fs::create_dir_all(root.join("a/bin")).unwrap();
        fs::write(root.join("a/bin/oz"), "old").unwrap();
        link_tree(&root.join("a"), &root.join("b")).unwrap();
        fs::write(root.join("a/bin/new"), "new").unwrap();
        fs::rename(root.join("a/bin/new"), root.join("a/bin/oz")).unwrap();
        assert_eq!(fs::read_to_string(root.join("b/bin/oz")).unwrap(), "old");
        fs::remove_dir_all(&root).unwrap();
    }
}
