//! Opening, making, reading, writing, closing.

use std::ffi::OsStr;
use std::fs::File;

use rustix::fs::{FallocateFlags, Mode, OFlags};
use rustix::io::Errno;

use super::grants::State;
use super::handles::Handle;
use super::{Attributes, Spot, View, host, open_flags};

/// Most bytes of one read; the kernel asks for less.
const READ: usize = 1 << 20;

impl View {
    pub(crate) fn open(&mut self, ino: u64, flags: i32) -> Result<u64, Errno> {
        self.handles.room()?;
        let flags = open_flags(flags);
        let file = match self.spot_of(ino)? {
            Spot::Root => return Err(Errno::ISDIR),
            Spot::Below(entry) => entry.open(flags)?,
            Spot::Granted(name) => self.open_granted(name, flags)?,
        };
        let handle = self.handles.add(Handle::new(ino, flags, file));
        if flags.contains(OFlags::TRUNC) {
            self.own_write(handle);
        }
        Ok(handle)
    }

    /// A granted name as a program opens it.
    pub(super) fn open_granted(&self, name: &OsStr, flags: OFlags) -> Result<File, Errno> {
        match self.grants.state(name) {
            State::Shown => self.host.open(name, flags),
            State::Vacant => Err(Errno::NOENT),
            State::Draft(draft) => {
                let file = host::reopen(draft.file(), flags)?;
                if flags.contains(OFlags::TRUNC) {
                    rustix::fs::ftruncate(&file, 0)?;
                }
                Ok(file)
            }
        }
    }

    /// Makes a file and opens it.
    pub(crate) fn create(
        &mut self,
        parent: u64,
        name: &OsStr,
        mode: u32,
        flags: i32,
    ) -> Result<(Attributes, u64), Errno> {
        self.handles.room()?;
        let exclusive = flags & nix::libc::O_EXCL != 0;
        let flags = open_flags(flags);
        let mode = Mode::from_raw_mode(mode & 0o777);
        let mut draft = None;
        let file = match self.spot(parent, name)? {
            Spot::Root => return Err(Errno::ISDIR),
            Spot::Below(entry) => {
                let exclusive = if exclusive {
                    OFlags::EXCL
                } else {
                    OFlags::empty()
                };
                entry.create(flags | exclusive, mode)?
            }
            Spot::Granted(name) if self.stat(&Spot::Granted(name)).is_ok() => {
                if exclusive {
                    return Err(Errno::EXIST);
                }
                self.open_granted(name, flags)?
            }
            Spot::Granted(name) if self.grants.is_companion(name) => {
                self.host.make(name, flags - OFlags::TRUNC, mode)?
            }
            Spot::Granted(name) => {
                let made = self.host.draft(name)?;
                rustix::fs::fchmod(made.file(), mode)?;
                let file = host::reopen(made.file(), flags)?;
                self.grants.set(name, State::Draft(made));
                draft = Some(name.to_owned());
                file
            }
        };
        if parent == super::ROOT {
            self.own_change(name);
        }
        let attributes = self.told(parent, name)?;
        let mut handle = Handle::new(attributes.ino, flags, file);
        handle.draft = draft;
        Ok((attributes, self.handles.add(handle)))
    }

    pub(crate) fn read(&self, handle: u64, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        let file = self.handles.get(handle)?.file()?;
        let mut bytes = vec![0; READ.min(size as usize)];
        let mut filled = 0;
        while filled < bytes.len() {
            match rustix::io::pread(file, &mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(error) if filled == 0 => return Err(error),
                Err(_) => break,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    pub(crate) fn write(&mut self, handle: u64, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        let file = self.handles.get(handle)?.file()?;
        let mut written = 0;
        while written < bytes.len() {
            match rustix::io::pwrite(file, &bytes[written..], offset + written as u64) {
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                Err(error) if written == 0 => return Err(error),
                Err(_) => break,
            }
        }
        self.own_write(handle);
        Ok(written)
    }

    pub(crate) fn allocate(
        &mut self,
        handle: u64,
        offset: u64,
        length: u64,
        mode: i32,
    ) -> Result<(), Errno> {
        let mode = FallocateFlags::from_bits_retain(mode.cast_unsigned());
        rustix::fs::fallocate(self.handles.get(handle)?.file()?, mode, offset, length)?;
        self.own_write(handle);
        Ok(())
    }

    /// A descriptor is closed: what it has made is complete.
    pub(crate) fn flush(&mut self, handle: u64) -> Result<(), Errno> {
        self.publish_draft(handle)
    }

    pub(crate) fn sync(&mut self, handle: u64, data_only: bool) -> Result<(), Errno> {
        self.publish_draft(handle)?;
        let file = self.handles.get(handle)?.file()?;
        if data_only {
            rustix::fs::fdatasync(file)
        } else {
            rustix::fs::fsync(file)
        }
    }

    /// The last descriptor is closed.
    pub(crate) fn close(&mut self, handle: u64) {
        if let Err(error) = self.publish_draft(handle) {
            tracing::debug!(%error, "a file that was made is lost");
        }
        self.handles.close(handle);
    }

    fn publish_draft(&mut self, handle: u64) -> Result<(), Errno> {
        let Ok(Handle {
            ino,
            draft: Some(name),
            ..
        }) = self.handles.get(handle)
        else {
            return Ok(());
        };
        let (ino, name) = (*ino, name.clone());
        let State::Draft(_) = self.grants.state(&name) else {
            return Ok(());
        };
        if self.nodes.known(super::ROOT, &name) != Some(ino) {
            return Ok(());
        }
        let Some(State::Draft(draft)) = self.grants.set(&name, State::Shown) else {
            return Ok(());
        };
        self.host.publish(draft, &name)?;
        self.own_change(&name);
        Ok(())
    }
}
