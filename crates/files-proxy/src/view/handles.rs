//! What programs have open.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::below::Listed;

/// Most things open at once; the process's own limit of descriptors is above it.
const MOST: usize = 900;

/// An open file.
#[derive(Debug)]
pub(crate) struct Handle {
    /// Its number.
    pub(crate) ino: u64,
    /// How it was opened.
    pub(crate) flags: OFlags,
    /// Nothing once the grant was taken back.
    file: Option<File>,
    /// A draft of this name is published when the file is flushed.
    pub(crate) draft: Option<OsString>,
}

#[derive(Debug)]
enum Open {
    File(Handle),
    Directory(Vec<Listed>),
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    next: u64,
    open: HashMap<u64, Open>,
}

impl Handle {
    pub(crate) fn new(ino: u64, flags: OFlags, file: File) -> Self {
        Self {
            ino,
            flags,
            file: Some(file),
            draft: None,
        }
    }

    /// The file, unless the grant was taken back.
    pub(crate) fn file(&self) -> Result<&File, Errno> {
        self.file.as_ref().ok_or(Errno::ACCESS)
    }
}

impl Handles {
    /// Whether one more fits.
    pub(crate) fn room(&self) -> Result<(), Errno> {
        if self.open.len() < MOST {
            Ok(())
        } else {
            Err(Errno::NFILE)
        }
    }

    pub(crate) fn add(&mut self, handle: Handle) -> u64 {
        self.insert(Open::File(handle))
    }

    pub(crate) fn add_directory(&mut self, listing: Vec<Listed>) -> u64 {
        self.insert(Open::Directory(listing))
    }

    fn insert(&mut self, open: Open) -> u64 {
        self.next += 1;
        self.open.insert(self.next, open);
        self.next
    }

    pub(crate) fn get(&self, number: u64) -> Result<&Handle, Errno> {
        match self.open.get(&number) {
            Some(Open::File(handle)) => Ok(handle),
            _ => Err(Errno::BADF),
        }
    }

    pub(crate) fn directory(&self, number: u64) -> Result<&[Listed], Errno> {
        match self.open.get(&number) {
            Some(Open::Directory(listing)) => Ok(listing),
            _ => Err(Errno::BADF),
        }
    }

    pub(crate) fn close(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// One that has a file open, whose name may be gone.
    pub(crate) fn of(&self, ino: u64) -> Option<&Handle> {
        self.files()
            .find(|handle| handle.ino == ino && handle.file.is_some())
    }

    fn files(&self) -> impl Iterator<Item = &Handle> {
        self.open.values().filter_map(|open| match open {
            Open::File(handle) => Some(handle),
            Open::Directory(_) => None,
        })
    }

    /// What has one file open is pointed at another, or at nothing.
    pub(crate) fn point(&mut self, ino: u64, mut at: impl FnMut(&Handle) -> Option<File>) {
        for open in self.open.values_mut() {
            if let Open::File(handle) = open
                && handle.ino == ino
            {
                handle.file = at(handle);
                handle.draft = None;
            }
        }
    }
}
