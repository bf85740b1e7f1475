//! Building the root: executing the operations of a plan.

pub mod filesystems;
mod mask;
mod overlay;
mod source;
mod target;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use oz_core::plan::{Access, Bind, Op, Source};
use oz_core::wire::init::Stage;
use oz_sys::mounts::{
    Attributes, NO_DEVICES, NO_EXECUTE, NO_SETUID, Propagation, READ_ONLY, set_attributes,
};
use rustix::fs::{FileType, Mode, OFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use rustix::mount::MoveMountFlags;

use crate::failure::{At, Failure};

use mask::Masks;
pub use target::Root;

/// A file of X's secrets with one entry, which fits every server of that number (Xsecurity(7), `FamilyWild`).
fn cookie(secret: &[u8; 16]) -> Vec<u8> {
    let mut file = 0xffff_u16.to_be_bytes().to_vec();
    for field in [b"".as_slice(), b"0", b"MIT-MAGIC-COOKIE-1", secret] {
        // None is longer than some bytes.
        file.extend(u16::try_from(field.len()).unwrap_or_default().to_be_bytes());
        file.extend(field);
    }
    file
}

/// A root that is being built, on an empty one over the host's `/`.
pub struct Builder {
    root: Root,
    masks: Masks,
    terminals: Option<OwnedFd>,
    /// The app's own, in which it may have left anything.
    home: PathBuf,
    made: usize,
    /// File systems in memory without a place, each with the step that it is for.
    spare: Vec<(Op, OwnedFd)>,
    /// Of the layers that are mounted.
    locks: Vec<OwnedFd>,
}

impl Builder {
    /// Of a root with this home.
    pub fn new(home: &Path) -> Result<Self, Failure> {
        Ok(Self {
            masks: Masks::prepare().at(Stage::Root, "masks")?,
            root: Root::mount().at(Stage::Root, "/")?,
            terminals: None,
            home: home.to_owned(),
            made: 0,
            spare: Vec::new(),
            locks: Vec::new(),
        })
    }

    /// Executes the next operations in order.
    pub fn build(&mut self, ops: &[Op]) -> Result<(), Failure> {
        for op in ops {
            self.execute(op).at(Stage::Root, op.target())?;
            self.made += 1;
        }
        Ok(())
    }

    /// Makes file systems in memory for steps that will probably come, of all other steps nothing.
    pub fn expect(&mut self, ops: &[Op]) -> Result<(), Failure> {
        for op in ops {
            if let Op::Tmpfs {
                mode, size, noexec, ..
            } = op
            {
                let made =
                    filesystems::tmpfs(*mode, *size, *noexec).at(Stage::Root, op.target())?;
                self.spare.push((op.clone(), made));
            }
        }
        Ok(())
    }

    /// How many operations have been executed.
    pub fn made(&self) -> usize {
        self.made
    }

    /// The root itself.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Root of the terminal file system, if there is one, and the locks of layers that are mounted.
    pub fn into_parts(self) -> (Option<OwnedFd>, Vec<OwnedFd>) {
        (self.terminals, self.locks)
    }

    fn execute(&mut self, op: &Op) -> io::Result<()> {
        match op {
            Op::Directory { path, mode } => self.root.make_directory(path, Mode::from(*mode)),
            Op::Symlink { path, target } => {
                let (directory, name) = self.root.parent(path)?;
                Ok(rustix::fs::symlinkat(target, directory, name)?)
            }
            Op::File {
                path,
                content,
                mode,
            } => self.file(path, content.as_bytes(), Mode::from(*mode)),
            Op::Bind(bind) => self.bind(bind),
            Op::Overlay(overlay) => {
                let cover = format!("cover-{}", self.locks.len());
                let made = overlay::make(overlay, self.masks.workshop(), &cover)?;
                self.locks.push(made.lock);
                attach(made.mount, self.place(&overlay.path, true)?)
            }
            Op::Tmpfs {
                path,
                mode,
                size,
                noexec,
            } => {
                let spare = self.spare.iter().position(|(step, _)| step == op);
                let tmpfs = match spare {
                    Some(spare) => self.spare.swap_remove(spare).1,
                    None => filesystems::tmpfs(*mode, *size, *noexec)?,
                };
                attach(&tmpfs, self.root.directory(path)?)
            }
            Op::Proc { path } => attach(filesystems::proc()?, self.root.directory(path)?),
            Op::DevPts { path } => {
                let terminals = filesystems::devpts()?;
                attach(&terminals, self.root.directory(path)?)?;
                self.terminals = Some(terminals);
                Ok(())
            }
            Op::Mqueue { path } => attach(filesystems::mqueue()?, self.root.directory(path)?),
            Op::Mask { path } => self.masks.hide(&self.root, path),
            Op::Pin { path } => {
                let place = self.root.open(path, OFlags::PATH | OFlags::DIRECTORY)?;
                attach(source::clone(&place)?, place)
            }
            Op::RandomId { path } => {
                // The kernel makes another one each time it is asked, on the host's /proc.
                let id = std::fs::read("/proc/sys/kernel/random/uuid")?;
                self.masks.tell(&self.root, path, &id)
            }
            Op::Cookie { path } => {
                let mut secret = [0; 16];
                io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut secret)?;
                self.file(path, &cookie(&secret), Mode::from(0o400))
            }
            Op::ReadOnly { path } => self.read_only(path),
        }
    }

    /// A mount becomes read-only with all beneath it, but the root alone; what is none becomes one first.
    fn read_only(&self, path: &Path) -> io::Result<()> {
        let is_root = path == Path::new("/");
        let place = self.root.open(path, OFlags::PATH)?;
        let read_only = Attributes {
            set: READ_ONLY,
            ..Attributes::default()
        };
        let empty = rustix::fs::AtFlags::EMPTY_PATH;
        let statx = rustix::fs::statx(&place, "", empty, StatxFlags::empty())?;
        if statx.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
            return set_attributes(place, !is_root, read_only);
        }
        let mount = source::clone(&place)?;
        set_attributes(&mount, true, read_only)?;
        attach(mount, place)
    }

    fn file(&self, path: &Path, content: &[u8], mode: Mode) -> io::Result<()> {
        let (directory, name) = self.root.parent(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(directory, name, flags, mode)?;
        io::Write::write_all(&mut std::fs::File::from(file), content)
    }

    fn bind(&self, bind: &Bind) -> io::Result<()> {
        let source = match source::open(&bind.source) {
            Err(Errno::NOENT | Errno::NOTDIR) if bind.optional => {
                return Ok(());
            }
            source => source?,
        };
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&source)?.st_mode);
        let plain = matches!(kind, FileType::Directory | FileType::RegularFile);
        if matches!(bind.source, Source::Tree { .. }) && !plain {
            // It was a directory or a file when the plan was made, and somebody has replaced it since.
            return Err(Errno::NOTSUP.into());
        }
        let mount = source::clone(&source)?;
        let mut set = NO_SETUID;
        if !bind.device {
            set |= NO_DEVICES;
        }
        if bind.access == Access::Read {
            set |= READ_ONLY;
        }
        if bind.noexec {
            set |= NO_EXECUTE;
        }
        let attributes = Attributes {
            set,
            clear: 0,
            propagation: Some(Propagation::Private),
        };
        set_attributes(&mount, true, attributes)?;
        attach(mount, self.place(&bind.path, kind == FileType::Directory)?)
    }

    /// A mount point, taken anew where the app has left something else.
    fn place(&self, path: &Path, directory: bool) -> io::Result<OwnedFd> {
        let open = || {
            if directory {
                return self.root.directory(path);
            }
            let place = self.root.placeholder(path)?;
            match FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode) {
                FileType::Directory | FileType::Symlink => Err(Errno::LOOP.into()),
                _ => Ok(place),
            }
        };
        let in_the_way = [Errno::LOOP, Errno::NOTDIR];
        match open() {
            Err(error)
                if Errno::from_io_error(&error).is_some_and(|e| in_the_way.contains(&e))
                    && path != self.home
                    && path.starts_with(&self.home) =>
            {
                self.root.clear(&self.home, path, directory)?;
                open()
            }
            place => place,
        }
    }
}

/// Puts a detached mount onto a place.
fn attach(mount: impl rustix::fd::AsFd, place: impl rustix::fd::AsFd) -> io::Result<()> {
    let by_descriptors =
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(rustix::mount::move_mount(
        mount,
        "",
        place,
        "",
        by_descriptors,
    )?)
}
