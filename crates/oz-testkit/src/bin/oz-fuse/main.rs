//! A file system of the user's own, with one file in it.
//!
//! `oz-fuse DIRECTORY NAME TEXT` shows it at the directory as long as it runs. It answers until it is stopped (SIGSTOP); when it
//! is killed whoever waits for it gets an error. Unlike a network that is slow it forgets nothing: each look asks it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use fuser::{
    Config, Errno, FileAttr, FileHandle, FileType, Filesystem, Generation, INodeNo, LockOwner,
    MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, Request,
};

const FILE: INodeNo = INodeNo(2);
/// Nothing is remembered by the kernel.
const NEVER: Duration = Duration::ZERO;

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    let mut next = || words.next().context("usage: oz-fuse DIRECTORY NAME TEXT");
    let (directory, name, text) = (PathBuf::from(next()?), next()?, next()?);
    let shelf = Shelf {
        name,
        text: text.into_encoded_bytes(),
    };
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("oz-fuse".to_owned())];
    fuser::mount(shelf, &directory, &config)
        .with_context(|| format!("cannot serve {}", directory.display()))
}

struct Shelf {
    name: OsString,
    text: Vec<u8>,
}

impl Shelf {
    fn of(&self, node: INodeNo) -> FileAttr {
        let is_file = node == FILE;
        let size = if is_file { self.text.len() as u64 } else { 0 };
        FileAttr {
            ino: node,
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if is_file {
                FileType::RegularFile
            } else {
                FileType::Directory
            },
            perm: if is_file { 0o644 } else { 0o755 },
            nlink: if is_file { 1 } else { 2 },
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            rdev: 0,
            flags: 0,
            blksize: 4096,
        }
    }
}

impl Filesystem for Shelf {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if parent == INodeNo::ROOT && name == self.name {
            reply.entry(&NEVER, &self.of(FILE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, node: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&NEVER, &self.of(node));
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let left = usize::try_from(offset)
            .ok()
            .and_then(|at| self.text.get(at..));
        let left = left.unwrap_or_default();
        reply.data(&left[..left.len().min(size as usize)]);
    }

    /// What closes a descriptor asks for this; an error would say that nobody need ask again.
    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn readdir(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        if offset == 0 {
            // What does not fit is asked for again.
            let _ = reply.add(FILE, 1, FileType::RegularFile, &self.name);
        }
        reply.ok();
    }
}
