//! Moving names: what editors do to replace a file at once.

use std::ffi::OsStr;
use std::fs::File;

use rustix::fs::{Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::below::Entry;
use super::grants::State;
use super::{ROOT, Spot, View};

impl View {
    pub(crate) fn rename(
        &mut self,
        from: (u64, &OsStr),
        to: (u64, &OsStr),
        flags: RenameFlags,
    ) -> Result<(), Errno> {
        let (source, target) = (self.spot(from.0, from.1)?, self.spot(to.0, to.1)?);
        if let (Spot::Below(source), Spot::Below(target)) = (&source, &target) {
            source.rename_to(target, flags)?;
            if flags.contains(RenameFlags::EXCHANGE) {
                self.nodes.exchanged(from, to);
            } else {
                self.nodes.moved(from, to);
            }
            return Ok(());
        }
        self.stat(&source)?;
        if flags.intersects(RenameFlags::EXCHANGE | RenameFlags::WHITEOUT) {
            return Err(Errno::INVAL);
        }
        if flags.contains(RenameFlags::NOREPLACE) && self.stat(&target).is_ok() {
            return Err(Errno::EXIST);
        }
        match (source, target) {
            (Spot::Below(source), Spot::Granted(name)) => self.replace(&source, from, name),
            (Spot::Granted(name), Spot::Below(target)) => self.move_away(name, &target, to),
            (Spot::Granted(one), Spot::Granted(other)) if one == other => Ok(()),
            // Programs then copy.
            (Spot::Granted(_), Spot::Granted(_)) => Err(Errno::XDEV),
            _ => Err(Errno::INVAL),
        }
    }

    /// A file of the sandbox becomes the host's.
    fn replace(&mut self, source: &Entry, from: (u64, &OsStr), name: &OsStr) -> Result<(), Errno> {
        let content = source.open(OFlags::RDONLY)?;
        let draft = self.host.draft(name)?;
        let prepared = copy(&content, draft.file()).and_then(|()| {
            let mode = rustix::fs::fstat(&content)?.st_mode & 0o777;
            rustix::fs::fchmod(draft.file(), Mode::from_raw_mode(mode))
        });
        if let Err(error) = prepared {
            self.host.discard(draft);
            return Err(error);
        }
        self.host.publish(draft, name)?;
        if let Some(State::Draft(unfinished)) = self.grants.set(name, State::Shown) {
            self.host.discard(unfinished);
        }
        // It is the host's from now on, whatever becomes of what it was made of.
        if let Err(error) = source.remove() {
            tracing::debug!(%error, "what a file was made of stays");
        }
        self.own_change(name);
        self.nodes.moved(from, (ROOT, name));
        self.follow(name);
        Ok(())
    }

    /// The host's file stays; the sandbox gets a copy, and the name is free for the next version.
    fn move_away(&mut self, name: &OsStr, target: &Entry, to: (u64, &OsStr)) -> Result<(), Errno> {
        let content = self.open_granted(name, OFlags::RDONLY)?;
        if target.exists()? {
            target.remove()?;
        }
        let mode = Mode::from_raw_mode(rustix::fs::fstat(&content)?.st_mode & 0o777);
        let copied = target
            .create(OFlags::RDWR | OFlags::EXCL, Mode::RUSR | Mode::WUSR)
            .and_then(|file| {
                copy(&content, &file)?;
                rustix::fs::fchmod(&file, mode)
            });
        if let Err(error) = copied {
            let _ = target.remove();
            return Err(error);
        }
        if self.grants.is_companion(name) {
            self.host.remove(name)?;
        } else if let Some(State::Draft(draft)) = self.grants.set(name, State::Vacant) {
            self.host.discard(draft);
        }
        self.own_change(name);
        self.nodes.moved((ROOT, name), to);
        if let Some(ino) = self.nodes.known(to.0, to.1) {
            self.handles
                .point(ino, |handle| target.open(handle.flags).ok());
        }
        Ok(())
    }

    /// What was open of the file that has just become the host's goes on with it.
    fn follow(&mut self, name: &OsStr) {
        let host = &self.host;
        if let Some(ino) = self.nodes.known(ROOT, name) {
            self.handles.point(ino, |handle| {
                host.open(name, handle.flags - OFlags::TRUNC).ok()
            });
        }
    }
}

/// The whole content, shared by the file system where it can.
fn copy(from: &File, to: &File) -> Result<(), Errno> {
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    let mut from = from;
    let mut to = to;
    std::io::copy(&mut from, &mut to)
        .map(drop)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}
