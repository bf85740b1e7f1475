//! The view as the kernel asks for it (FUSE, protocol 7).

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use fuser::{
    AccessFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyLock, ReplyOpen, ReplyStatfs,
    ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use nix::libc;

use crate::view::{Attributes, Changes, Lock, Locks, ROOT, Span, Time, View};

/// How long the kernel may believe what it knows of a name of the sandbox.
const TTL: Duration = Duration::from_secs(1);
/// Most programs that wait for a lock.
const WAITING: usize = 32;
/// How often those who wait try again.
const RETRY: Duration = Duration::from_millis(20);
/// How long one waits before it is told to ask again. A program that is killed meanwhile ends then.
const PATIENCE: Duration = Duration::from_secs(2);

/// The handle of what is opened only to be seen to be closed again.
const ECHO: FileHandle = FileHandle(0);

/// What the kernel's requests and the daemon's meet in.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Somebody has begun to wait for a lock.
    waits: Condvar,
    /// The process that repeats what happens outside.
    echo: u32,
}

struct State {
    view: View,
    locks: Locks,
    waiting: Vec<Waiting>,
}

/// A program that waits for a lock.
struct Waiting {
    reply: ReplyEmpty,
    handle: u64,
    owner: u64,
    lock: Lock,
    span: Span,
    until: Instant,
}

impl Shared {
    pub(crate) fn new(view: View, echo: u32) -> Self {
        let state = State {
            view,
            locks: Locks::default(),
            waiting: Vec::new(),
        };
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            waits: Condvar::new(),
            echo,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in one request leaves the view as good as it was: nothing in it is half done.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number is the kernel's word, and no program inside can have it.
    fn is_echo(&self, request: &Request) -> bool {
        self.0.echo == request.pid()
    }

    /// Does something with the view between two requests of the kernel.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut View) -> T) -> T {
        act(&mut self.lock().view)
    }

    /// Tries for ever for those who wait for a lock; idle while nobody does. Nothing tells when a
    /// program outside gives a lock up.
    pub(crate) fn serve_locks(&self) -> ! {
        loop {
            let nobody = |state: &mut State| state.waiting.is_empty();
            let waited = self.0.waits.wait_while(self.lock(), nobody);
            waited.unwrap_or_else(PoisonError::into_inner).retry_locks();
            std::thread::sleep(RETRY);
        }
    }
}

impl State {
    fn retry_locks(&mut self) {
        for one in std::mem::take(&mut self.waiting) {
            match self
                .locks
                .set(&self.view, one.handle, one.owner, one.lock, one.span)
            {
                Ok(()) => one.reply.ok(),
                Err(rustix::io::Errno::AGAIN) if Instant::now() < one.until => {
                    self.waiting.push(one);
                }
                Err(rustix::io::Errno::AGAIN) => one.reply.error(Errno::EINTR),
                Err(error) => one.reply.error(errno(error)),
            }
        }
    }
}

fn errno(error: rustix::io::Errno) -> Errno {
    Errno::from_i32(error.raw_os_error())
}

fn ttl(attributes: &Attributes) -> Duration {
    if attributes.granted {
        Duration::ZERO
    } else {
        TTL
    }
}

fn kind(raw: rustix::fs::FileType) -> FileType {
    match raw {
        rustix::fs::FileType::Directory => FileType::Directory,
        rustix::fs::FileType::Symlink => FileType::Symlink,
        rustix::fs::FileType::Fifo => FileType::NamedPipe,
        rustix::fs::FileType::Socket => FileType::Socket,
        rustix::fs::FileType::CharacterDevice => FileType::CharDevice,
        rustix::fs::FileType::BlockDevice => FileType::BlockDevice,
        _ => FileType::RegularFile,
    }
}

fn attributes(of: &Attributes) -> FileAttr {
    let stat = &of.stat;
    let time = |seconds: i64, nanoseconds: u64| {
        let fraction = Duration::from_nanos(nanoseconds);
        match u64::try_from(seconds) {
            Ok(seconds) => SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) + fraction,
            Err(_) => {
                let before = Duration::from_secs(seconds.unsigned_abs());
                SystemTime::UNIX_EPOCH - before + fraction
            }
        }
    };
    FileAttr {
        ino: INodeNo(of.ino),
        size: stat.st_size.try_into().unwrap_or(0),
        blocks: stat.st_blocks.try_into().unwrap_or(0),
        atime: time(stat.st_atime, stat.st_atime_nsec),
        mtime: time(stat.st_mtime, stat.st_mtime_nsec),
        ctime: time(stat.st_ctime, stat.st_ctime_nsec),
        crtime: SystemTime::UNIX_EPOCH,
        kind: kind(rustix::fs::FileType::from_raw_mode(stat.st_mode)),
        // No set-user-id and the like from there.
        perm: u16::try_from(stat.st_mode & 0o777).unwrap_or(0),
        nlink: u32::try_from(stat.st_nlink).unwrap_or(u32::MAX),
        uid: stat.st_uid,
        gid: stat.st_gid,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn entry(reply: ReplyEntry, result: Result<Attributes, rustix::io::Errno>) {
    match result {
        Ok(found) => reply.entry(&ttl(&found), &attributes(&found), Generation(0)),
        Err(error) => reply.error(errno(error)),
    }
}

fn empty(reply: ReplyEmpty, result: Result<(), rustix::io::Errno>) {
    match result {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(errno(error)),
    }
}

fn xattr(reply: ReplyXattr, size: u32, result: Result<Vec<u8>, rustix::io::Errno>) {
    match result {
        Ok(value) if size == 0 => reply.size(u32::try_from(value.len()).unwrap_or(u32::MAX)),
        Ok(value) if value.len() > size as usize => reply.error(Errno::ERANGE),
        Ok(value) => reply.data(&value),
        Err(error) => reply.error(errno(error)),
    }
}

fn lock_kind(kind: i32) -> Result<Lock, Errno> {
    match kind {
        libc::F_RDLCK => Ok(Lock::Shared),
        libc::F_WRLCK => Ok(Lock::Exclusive),
        libc::F_UNLCK => Ok(Lock::None),
        _ => Err(Errno::EINVAL),
    }
}

fn time(time: TimeOrNow) -> Time {
    match time {
        TimeOrNow::Now => Time::Now,
        TimeOrNow::SpecificTime(at) => Time::At(at),
    }
}

impl Filesystem for Shared {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // Locks of programs inside and outside shall keep each other out, and what the host writes
        // shall be seen inside.
        let wanted = InitFlags::FUSE_POSIX_LOCKS | InitFlags::FUSE_AUTO_INVAL_DATA;
        config
            .add_capabilities(wanted)
            .map_err(|missing| io::Error::other(format!("FUSE of this kernel lacks {missing:?}")))
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(reply, self.lock().view.lookup(parent.0, name));
    }

    fn forget(&self, _: &Request, ino: INodeNo, times: u64) {
        self.lock().view.forget(ino.0, times);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, handle: Option<FileHandle>, reply: ReplyAttr) {
        let handle = handle.map(|handle| handle.0);
        match self.lock().view.attributes(ino.0, handle) {
            Ok(found) => reply.attr(&ttl(&found), &attributes(&found)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        owner: Option<u32>,
        group: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        handle: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        if self.is_echo(request) {
            return self.getattr(request, ino, None, reply);
        }
        let changes = Changes {
            mode,
            owner,
            group,
            size,
            accessed: accessed.map(time),
            modified: modified.map(time),
        };
        let handle = handle.map(|handle| handle.0);
        match self.lock().view.change(ino.0, handle, &changes) {
            Ok(found) => reply.attr(&ttl(&found), &attributes(&found)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.lock().view.read_link(ino.0) {
            Ok(target) => reply.data(&target),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn mknod(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        _device: u32,
        reply: ReplyEntry,
    ) {
        entry(reply, self.lock().view.make_node(parent.0, name, mode));
    }

    fn mkdir(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        entry(reply, self.lock().view.make_directory(parent.0, name, mode));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.lock().view.remove(parent.0, name));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.lock().view.remove_directory(parent.0, name));
    }

    fn symlink(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        entry(reply, self.lock().view.make_symlink(parent.0, name, target));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let flags = rustix::fs::RenameFlags::from_bits_retain(flags.bits());
        let (from, to) = ((parent.0, name), (new_parent.0, new_name));
        empty(reply, self.lock().view.rename(from, to, flags));
    }

    fn link(
        &self,
        _: &Request,
        ino: INodeNo,
        new_parent: INodeNo,
        new_name: &OsStr,
        reply: ReplyEntry,
    ) {
        entry(reply, self.lock().view.link(ino.0, new_parent.0, new_name));
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        if self.is_echo(request) {
            return reply.opened(ECHO, FopenFlags::empty());
        }
        match self.lock().view.open(ino.0, flags.0) {
            Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        match self.lock().view.create(parent.0, name, mode, flags) {
            Ok((made, handle)) => {
                let (ttl, attr) = (ttl(&made), attributes(&made));
                let handle = FileHandle(handle);
                reply.created(&ttl, &attr, Generation(0), handle, FopenFlags::empty());
            }
            Err(error) => reply.error(errno(error)),
        }
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.lock().view.read(handle.0, offset, size) {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.lock().view.write(handle.0, offset, bytes) {
            Ok(count) => reply.written(u32::try_from(count).unwrap_or(u32::MAX)),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn flush(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.locks.close(&state.view, handle.0, owner.0);
        empty(reply, state.view.flush(handle.0));
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        self.lock().view.close(handle.0);
        reply.ok();
    }

    fn fsync(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        data_only: bool,
        reply: ReplyEmpty,
    ) {
        empty(reply, self.lock().view.sync(handle.0, data_only));
    }

    fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.lock().view.open_directory(ino.0) {
            Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
            Err(error) => reply.error(errno(error)),
        }
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        handle: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let guard = self.lock();
        let listing = match guard.view.listing(handle.0) {
            Ok(listing) => listing,
            Err(error) => return reply.error(errno(error)),
        };
        let own = [(ino, "."), (INodeNo(ROOT), "..")].map(|(ino, name)| {
            let name: &OsStr = name.as_ref();
            (ino, FileType::Directory, name)
        });
        let listed = listing
            .iter()
            .map(|one| (INodeNo(one.inode), kind(one.kind), one.name.as_os_str()));
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        for (number, (ino, kind, name)) in own.into_iter().chain(listed).enumerate().skip(from) {
            if reply.add(ino, number as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        reply: ReplyEmpty,
    ) {
        self.lock().view.close(handle.0);
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        // What is published is synced already, and what is private need not last.
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.lock().view.statvfs() {
            Ok(fs) => {
                let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
                reply.statfs(
                    fs.f_blocks,
                    fs.f_bfree,
                    fs.f_bavail,
                    fs.f_files,
                    fs.f_ffree,
                    small(fs.f_bsize),
                    small(fs.f_namemax),
                    small(fs.f_frsize),
                );
            }
            Err(error) => reply.error(errno(error)),
        }
    }

    fn access(&self, _: &Request, ino: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        let access = rustix::fs::Access::from_bits_truncate(mask.bits().cast_unsigned());
        empty(reply, self.lock().view.may(ino.0, access));
    }

    fn getxattr(&self, _: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        xattr(reply, size, self.lock().view.xattr(ino.0, name));
    }

    fn listxattr(&self, _: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        xattr(reply, size, self.lock().view.xattrs(ino.0));
    }

    fn setxattr(
        &self,
        _: &Request,
        ino: INodeNo,
        name: &OsStr,
        value: &[u8],
        flags: i32,
        _position: u32,
        reply: ReplyEmpty,
    ) {
        empty(reply, self.lock().view.set_xattr(ino.0, name, value, flags));
    }

    fn removexattr(&self, _: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, self.lock().view.remove_xattr(ino.0, name));
    }

    fn fallocate(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let allocated = self.lock().view.allocate(handle.0, offset, length, mode);
        empty(reply, allocated);
    }

    fn getlk(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        owner: LockOwner,
        start: u64,
        end: u64,
        kind: i32,
        _pid: u32,
        reply: ReplyLock,
    ) {
        let lock = match lock_kind(kind) {
            Ok(lock) => lock,
            Err(error) => return reply.error(error),
        };
        let state = self.lock();
        let span = Span { start, end };
        match state.locks.test(&state.view, handle.0, owner.0, lock, span) {
            Ok(None) => reply.locked(start, end, libc::F_UNLCK, 0),
            Ok(Some((found, span))) => {
                let kind = match found {
                    Lock::Shared => libc::F_RDLCK,
                    _ => libc::F_WRLCK,
                };
                // Who holds it is nobody's business in another pid namespace.
                reply.locked(span.start, span.end, kind, 0);
            }
            Err(error) => reply.error(errno(error)),
        }
    }

    fn setlk(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        owner: LockOwner,
        start: u64,
        end: u64,
        kind: i32,
        _pid: u32,
        sleep: bool,
        reply: ReplyEmpty,
    ) {
        let lock = match lock_kind(kind) {
            Ok(lock) => lock,
            Err(error) => return reply.error(error),
        };
        let mut guard = self.lock();
        let state = &mut *guard;
        let span = Span { start, end };
        let (handle, owner) = (handle.0, owner.0);
        match state.locks.set(&state.view, handle, owner, lock, span) {
            Err(rustix::io::Errno::AGAIN) if sleep && state.waiting.len() < WAITING => {
                state.waiting.push(Waiting {
                    reply,
                    handle,
                    owner,
                    lock,
                    span,
                    until: Instant::now() + PATIENCE,
                });
                self.0.waits.notify_one();
            }
            result => empty(reply, result),
        }
    }
}
