//! The memory of the window: a sealed memfd that holds several pictures.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

pub(crate) const WIDTH: u32 = 1280;
pub(crate) const HEIGHT: u32 = 800;
pub(crate) const STRIDE: u32 = WIDTH * 4;
pub(crate) const PICTURE: u32 = STRIDE * HEIGHT;

/// How many buffers there are. A host may hold two at any time, and weston's own two-buffer
/// clients starve on it; the fourth keeps `uncapped` going while one is on its way back.
pub(crate) const BUFFERS: u32 = 4;

/// The patch that `damage` changes.
pub(crate) const PATCH: u32 = 64;
pub(crate) const PATCH_X: u32 = (WIDTH - PATCH) / 2;
pub(crate) const PATCH_Y: u32 = (HEIGHT - PATCH) / 2;
/// How many lines of the patch change in one frame.
///
/// Without a mapping (there is no `unsafe` here) each line is a syscall. Eight of them cost
/// about what writing all 64 lines through a mapping costs; the compositor is told of all 64.
const LINES: u32 = 8;

/// The pixels that the compositor sees.
pub(crate) struct Memory {
    file: File,
    pictures: [Vec<u8>; 2],
}

impl Memory {
    pub(crate) fn new() -> Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let fd = memfd_create("oz-bench-client", flags).context("cannot make a memfd")?;
        ftruncate(&fd, u64::from(PICTURE * BUFFERS)).context("cannot size the memfd")?;
        fcntl_add_seals(&fd, SealFlags::SHRINK).context("cannot seal the memfd")?;
        let memory = Self {
            file: File::from(fd),
            pictures: [picture(0), picture(1)],
        };
        for buffer in 0..BUFFERS {
            memory.paint(buffer, 0)?;
        }
        Ok(memory)
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Fills a whole buffer.
    pub(crate) fn paint(&self, buffer: u32, frame: u32) -> Result<()> {
        let picture = &self.pictures[usize::from(frame % 2 == 1)];
        Ok(self
            .file
            .write_all_at(picture, u64::from(buffer * PICTURE))?)
    }

    /// Changes some lines of the patch in the middle.
    pub(crate) fn touch(&self, buffer: u32, frame: u32) -> Result<()> {
        let line: Vec<u8> = (0..PATCH)
            .flat_map(|x| colour(x * 4, frame * 4, 0x40))
            .collect();
        for at in 0..LINES {
            let y = PATCH_Y + (frame * LINES + at) % PATCH;
            let offset = buffer * PICTURE + y * STRIDE + PATCH_X * 4;
            self.file.write_all_at(&line, u64::from(offset))?;
        }
        Ok(())
    }
}

/// A gradient with broad stripes that change sides between the two pictures.
fn picture(phase: u32) -> Vec<u8> {
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let stripe = (x / 80 + y / 80 + phase) % 2;
            colour(x * 255 / WIDTH, y * 255 / HEIGHT, stripe * 0x60)
        })
        .collect()
}

/// A pixel of XRGB8888 as it lies in memory.
fn colour(red: u32, green: u32, blue: u32) -> [u8; 4] {
    ((red & 0xff) << 16 | (green & 0xff) << 8 | (blue & 0xff)).to_le_bytes()
}
