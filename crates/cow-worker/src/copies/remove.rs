//! Removing what an app has filled: however deep, by however odd names, whatever permissions.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::progress;

/// Removes a directory, or whatever else has that name.
pub fn all(parent: &Path, name: &OsStr) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let parent = rustix::fs::openat(CWD, parent, flags, Mode::empty()).context("no directory")?;
    let name = CString::new(name.as_encoded_bytes())?;
    // What lies deep is moved up, so that no path gets long and few descriptors are needed.
    let mut number = 0u64;
    empty(&parent, &name, &mut number)?;
    match rustix::fs::unlinkat(&parent, &name, AtFlags::REMOVEDIR) {
        Err(Errno::NOTDIR) => rustix::fs::unlinkat(&parent, &name, AtFlags::empty())?,
        removed => removed?,
    }
    Ok(())
}

/// Removes all that is in a directory.
pub fn contents(directory: impl AsFd) -> Result<()> {
    empty(directory, &CString::from(c"."), &mut 0)
}

fn empty(parent: impl AsFd, name: &CString, number: &mut u64) -> Result<()> {
    let top = match open(&parent, name) {
        Err(Errno::NOTDIR | Errno::LOOP) => return Ok(()),
        top => top?,
    };
    loop {
        let entries = list(&top)?;
        if entries.is_empty() {
            return Ok(());
        }
        for (entry, is_directory) in entries {
            progress::step();
            if !is_directory {
                rustix::fs::unlinkat(&top, &entry, AtFlags::empty())?;
                continue;
            }
            let inner = open(&top, &entry)?;
            for (below, is_directory) in list(&inner)? {
                if !is_directory {
                    rustix::fs::unlinkat(&inner, &below, AtFlags::empty())?;
                    continue;
                }
                open(&inner, &below)?;
                loop {
                    let free = CString::new(format!(".removed-{number}"))?;
                    *number += 1;
                    let flags = rustix::fs::RenameFlags::NOREPLACE;
                    match rustix::fs::renameat_with(&inner, &below, &top, &free, flags) {
                        Err(Errno::EXIST) => {}
                        moved => break moved?,
                    }
                }
            }
            rustix::fs::unlinkat(&top, &entry, AtFlags::REMOVEDIR)?;
        }
    }
}

/// Opens a directory that can be emptied then.
fn open(parent: impl AsFd, name: &CString) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(&parent, name, flags, Mode::empty()) {
        Err(Errno::ACCESS) => {}
        opened => {
            let opened = opened?;
            rustix::fs::fchmod(&opened, Mode::RWXU)?;
            return Ok(opened);
        }
    }
    // Its owner may give itself the right back; by the name, since it cannot be opened, and nobody else changes it.
    rustix::fs::chmodat(&parent, name, Mode::RWXU, AtFlags::empty())?;
    rustix::fs::openat(&parent, name, flags, Mode::empty())
}

fn list(directory: &OwnedFd) -> Result<Vec<(CString, bool)>> {
    let mut all = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if ![c".", c".."].contains(&name) {
            all.push((name.to_owned(), entry.file_type() == FileType::Directory));
        }
    }
    Ok(all)
}
