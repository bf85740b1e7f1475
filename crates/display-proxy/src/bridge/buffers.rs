//! Buffers: what is behind an app's wl_buffer, and whether the host may have it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use smithay::utils::{Logical, Rectangle};
use wayland_client::QueueHandle;
use wayland_client::protocol::wl_buffer::WlBuffer as HostBuffer;
use wayland_client::protocol::wl_shm_pool::WlShmPool as HostPool;
use wayland_server::Resource;
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_surface::WlSurface;

use super::copied::{self, Mark, Trail};
use super::gpu::Drawn;
use crate::fds;
use crate::held::{Held, Holding};
use crate::peer::{Peer, same};
use crate::policy;
use crate::session::Session;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A rectangle of untrusted numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) w: i32,
    pub(crate) h: i32,
}

impl Rect {
    /// Whether all of the other lies within this one.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let end = |at: i32, length: i32| i64::from(at) + i64::from(length);
        self.x <= other.x
            && self.y <= other.y
            && end(self.x, self.w) >= end(other.x, other.w)
            && end(self.y, self.h) >= end(other.y, other.h)
    }

    /// The smallest rectangle that covers both.
    pub(crate) fn united(&self, other: &Self) -> Self {
        Self::between(
            (self.x.min(other.x), self.y.min(other.y)),
            (
                self.right().max(other.right()),
                self.bottom().max(other.bottom()),
            ),
        )
    }

    /// What both cover; none if that is nothing.
    pub(crate) fn common(&self, other: &Self) -> Option<Self> {
        let both = Self::between(
            (self.x.max(other.x), self.y.max(other.y)),
            (
                self.right().min(other.right()),
                self.bottom().min(other.bottom()),
            ),
        );
        (both.w > 0 && both.h > 0).then_some(both)
    }

    fn between((x, y): (i32, i32), (right, bottom): (i64, i64)) -> Self {
        let length = |from: i32, to: i64| i32::try_from(to - i64::from(from)).unwrap_or(i32::MAX);
        Self {
            x,
            y,
            w: length(x, right),
            h: length(y, bottom),
        }
    }

    fn right(&self) -> i64 {
        i64::from(self.x) + i64::from(self.w)
    }

    fn bottom(&self) -> i64 {
        i64::from(self.y) + i64::from(self.h)
    }

    /// The same place as seen from another corner.
    pub(crate) fn from(&self, (x, y): (i32, i32)) -> Self {
        Self {
            x: self.x.saturating_sub(x),
            y: self.y.saturating_sub(y),
            ..*self
        }
    }

    /// The same place at a buffer's scale.
    pub(crate) fn scaled(&self, scale: i32) -> Self {
        let by = |number: i32| number.saturating_mul(scale);
        Self {
            x: by(self.x),
            y: by(self.y),
            w: by(self.w),
            h: by(self.h),
        }
    }

    pub(crate) fn from_logical(rect: Rectangle<i32, Logical>) -> Self {
        Self {
            x: rect.loc.x,
            y: rect.loc.y,
            w: rect.size.w,
            h: rect.size.h,
        }
    }
}

/// An app's pool.
#[derive(Debug)]
pub(crate) struct Pool {
    /// The app's descriptor. It stays here; the host gets a duplicate, or none when copied.
    pub(crate) fd: OwnedFd,
    pub(crate) host: Peer<HostPool>,
    /// The proxy's own memory, which the host maps instead.
    pub(crate) shadow: Option<OwnedFd>,
    size: Mutex<i32>,
    _held: Holding,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.host.take().inspect(HostPool::destroy);
    }
}

impl Pool {
    pub(crate) fn new(fd: OwnedFd, shadow: Option<OwnedFd>, size: i32, held: &Held) -> Self {
        Self {
            _held: held.hold(1 + usize::from(shadow.is_some())),
            fd,
            host: Peer::default(),
            shadow,
            size: Mutex::new(size),
        }
    }

    /// What the host maps.
    pub(crate) fn mapped(&self) -> BorrowedFd<'_> {
        self.shadow.as_ref().unwrap_or(&self.fd).as_fd()
    }

    pub(crate) fn size(&self) -> i32 {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grows the pool. It cannot shrink, and its file must be that large already.
    pub(crate) fn resize(&self, size: i32) -> Result<(), &'static str> {
        check_pool_size(&self.fd, size)?;
        let mut current = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        if size < *current {
            return Err("a pool cannot shrink");
        }
        if let Some(shadow) = &self.shadow {
            rustix::fs::ftruncate(shadow, u64::from(size.unsigned_abs()))
                .map_err(|_| "no memory for a pool")?;
        }
        *current = size;
        drop(current);
        if let Some(host) = self.host.get() {
            host.resize(size);
        }
        Ok(())
    }
}

/// Whether a pool of this size can be behind this descriptor.
pub(crate) fn check_pool_size(fd: &OwnedFd, size: i32) -> Result<(), &'static str> {
    if !(1..=policy::POOL_MAX).contains(&size) {
        return Err("the pool's size is out of range");
    }
    if fds::size(fd.as_fd()) < u64::from(size.unsigned_abs()) {
        return Err("the pool is larger than its file");
    }
    Ok(())
}

/// Where a buffer lies in its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) offset: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) stride: i32,
    pub(crate) format: u32,
}

impl Layout {
    /// Checks the numbers against the pool, in arithmetic that cannot wrap.
    pub(crate) fn check(&self, pool_size: i32) -> Result<(), &'static str> {
        if !policy::is_side(self.width) || !policy::is_side(self.height) {
            return Err("the buffer's size is out of range");
        }
        // Formats of which a pixel's size is not known here have at least one byte a pixel
        // in their first plane; the host checks them again.
        let row =
            i64::from(self.width) * i64::from(copied::bytes_per_pixel(self.format).unwrap_or(1));
        if self.offset < 0 || i64::from(self.stride) < row {
            return Err("the buffer's offset or stride is out of range");
        }
        let end = i64::from(self.offset) + i64::from(self.stride) * i64::from(self.height);
        if end > i64::from(pool_size) {
            return Err("the buffer ends behind its pool");
        }
        Ok(())
    }
}

impl Layout {
    /// The layout of a part; none if that is not within, or if a pixel's size is not known here.
    pub(crate) fn part(&self, part: Rect) -> Option<Self> {
        let whole = Rect {
            x: 0,
            y: 0,
            w: self.width,
            h: self.height,
        };
        if part.w < 1 || part.h < 1 || !whole.covers(&part) {
            return None;
        }
        let pixel = i32::from(copied::bytes_per_pixel(self.format)?);
        let row = part.y.checked_mul(self.stride)?;
        let within = row.checked_add(part.x.checked_mul(pixel)?)?;
        Some(Self {
            offset: self.offset.checked_add(within)?,
            width: part.w,
            height: part.h,
            ..*self
        })
    }
}

/// User data of every wl_buffer.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) peer: Peer<HostBuffer>,
    content: Content,
    cut: Mutex<Option<Cut>>,
    /// The app has committed it and not got it back.
    lent: AtomicBool,
}

/// What a buffer shows.
#[derive(Debug)]
pub(crate) enum Content {
    /// Memory of the app.
    Memory {
        layout: Layout,
        pool: Arc<Pool>,
        /// It is copied at each commit; otherwise the host has mapped it.
        copied: Option<Mutex<Mark>>,
    },
    /// What a GPU has drawn.
    Gpu(Arc<Drawn>),
    /// One colour.
    Pixel,
}

/// A part of a buffer, as a buffer of its own of the host's over the same memory.
#[derive(Debug)]
struct Cut {
    part: Rect,
    host: HostBuffer,
}

impl Buffer {
    pub(crate) fn new(content: Content) -> Self {
        Self {
            peer: Peer::default(),
            content,
            cut: Mutex::default(),
            lent: AtomicBool::new(false),
        }
    }

    /// How many descriptors of a GPU's memory it holds.
    pub(crate) fn planes(&self) -> usize {
        match &self.content {
            Content::Gpu(drawn) => drawn.planes.len(),
            Content::Memory { .. } | Content::Pixel => 0,
        }
    }

    /// Forgets what was made of it on a host that is gone.
    pub(crate) fn uncut(&self) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn destroy(&self) {
        self.peer.take().inspect(HostBuffer::destroy);
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        cut.take().inspect(|cut| cut.host.destroy());
    }
}

/// The app has committed a buffer, and touches it no more until it has it back.
pub(crate) fn lend(buffer: &WlBuffer) {
    if let Some(data) = buffer.data::<Buffer>() {
        data.lent.store(true, Ordering::Relaxed);
    }
}

/// Gives a buffer back, if the app has not got it yet: another host is shown some that it has, and gives those back too.
pub(crate) fn give_back(buffer: &WlBuffer) {
    let lent = buffer.data::<Buffer>().map(|data| &data.lent);
    if lent.is_some_and(|lent| lent.swap(false, Ordering::Relaxed)) && buffer.is_alive() {
        buffer.release();
    }
}

/// The size of a buffer, if it is one of ours.
pub(crate) fn size(buffer: &WlBuffer) -> Option<(i32, i32)> {
    match &buffer.data::<Buffer>()?.content {
        Content::Memory { layout, .. } => Some((layout.width, layout.height)),
        Content::Gpu(drawn) => Some((drawn.width, drawn.height)),
        Content::Pixel => Some((1, 1)),
    }
}

/// The size of a buffer in memory, if it is one.
pub(crate) fn in_memory(buffer: &WlBuffer) -> Option<(i32, i32)> {
    match &buffer.data::<Buffer>()?.content {
        Content::Memory { layout, .. } => Some((layout.width, layout.height)),
        Content::Gpu(_) | Content::Pixel => None,
    }
}

/// The host's buffer with all that the app's shows now, for what is no surface.
pub(crate) fn whole(
    buffer: &WlBuffer,
    scratch: &mut copied::Scratch,
) -> Result<HostBuffer, &'static str> {
    let data = buffer
        .data::<Buffer>()
        .ok_or("not a buffer of this display")?;
    if let Content::Memory {
        layout,
        pool,
        copied: Some(_),
    } = &data.content
    {
        copied::copy_whole(pool, layout, scratch)?;
    }
    data.peer.get().ok_or("the buffer has no counterpart")
}

/// Whether a part of a buffer can be a buffer of the host's without a copy: its pixels are whole words in a row.
pub(crate) fn can_be_cut(buffer: &WlBuffer) -> bool {
    let data = buffer.data::<Buffer>();
    data.is_some_and(|data| match &data.content {
        Content::Memory { layout, .. } => copied::bytes_per_pixel(layout.format) == Some(4),
        Content::Gpu(_) | Content::Pixel => false,
    })
}

/// Makes a buffer ready to be attached and returns the host's.
///
/// Shared memory needs no second look: it was checked when the buffer was made, and neither a
/// sealed file nor a pool can shrink since.
pub(crate) fn prepare(
    buffer: &WlBuffer,
    surface: &WlSurface,
    trail: &mut Trail,
    damage: Option<&[Rect]>,
    scratch: &mut copied::Scratch,
) -> Result<HostBuffer, &'static str> {
    let data = buffer
        .data::<Buffer>()
        .ok_or("not a buffer of this display")?;
    if !buffer.is_alive() {
        return Err("the buffer was destroyed before it was committed");
    }
    if let Content::Memory {
        layout,
        pool,
        copied: Some(mark),
    } = &data.content
    {
        let mut mark = mark.lock().unwrap_or_else(PoisonError::into_inner);
        copied::copy(pool, layout, &mut mark, trail, surface, damage, scratch)?;
    }
    data.peer.get().ok_or("the buffer has no counterpart")
}

/// The host's buffer of a part of a buffer that was made ready; none if the part is not within.
pub(crate) fn cut(buffer: &WlBuffer, part: Rect, qh: &QueueHandle<Session>) -> Option<HostBuffer> {
    let data = buffer.data::<Buffer>()?;
    let Content::Memory { layout, pool, .. } = &data.content else {
        return None;
    };
    let mut known = data.cut.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cut) = known.as_ref().filter(|cut| cut.part == part) {
        return Some(cut.host.clone());
    }
    let part_of = layout.part(part)?;
    let host = pool.host.get()?.create_buffer(
        part_of.offset,
        part_of.width,
        part_of.height,
        part_of.stride,
        same(part_of.format)?,
        qh,
        buffer.downgrade(),
    );
    let cut = Cut {
        part,
        host: host.clone(),
    };
    if let Some(old) = known.replace(cut) {
        old.host.destroy();
    }
    Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(offset: i32, width: i32, height: i32, stride: i32) -> Layout {
        Layout {
            offset,
            width,
            height,
            stride,
            format: 0,
        }
    }

    #[test]
    fn a_buffer_that_fits_is_taken() {
        assert!(layout(0, 100, 50, 400).check(20_000).is_ok());
        assert!(layout(20_000, 100, 50, 400).check(40_000).is_ok());
    }

    #[test]
    fn a_part_ends_within_what_it_is_a_part_of() {
        let whole = layout(100, 50, 40, 220);
        let end = 100 + 220 * 40;
        for (x, y, w, h) in [(0, 0, 50, 40), (10, 5, 40, 35), (49, 39, 1, 1)] {
            let part = whole.part(Rect { x, y, w, h }).unwrap();
            assert!(part.offset >= whole.offset);
            let last = part.offset + part.stride * (part.height - 1) + part.width * 4;
            assert!(last <= end, "{part:?}");
        }
        for (x, y, w, h) in [(-1, 0, 5, 5), (0, 0, 51, 1), (50, 0, 1, 1), (0, 0, 0, 1)] {
            assert_eq!(whole.part(Rect { x, y, w, h }), None);
        }
    }

    #[test]
    fn nothing_wraps() {
        assert!(layout(i32::MAX, 1, 1, 4).check(i32::MAX).is_err());
        assert!(layout(0, 16_384, 16_384, i32::MAX).check(i32::MAX).is_err());
        assert!(layout(0, 2, 2, i32::MAX).check(i32::MAX).is_err());
        assert!(layout(1, 100, 50, 400).check(20_000).is_err());
    }

    #[test]
    fn negative_and_absurd_numbers_are_refused() {
        assert!(layout(-4, 10, 10, 40).check(4000).is_err());
        assert!(layout(0, -1, 10, 40).check(4000).is_err());
        assert!(layout(0, 10, 0, 40).check(4000).is_err());
        assert!(layout(0, 10, 10, -40).check(4000).is_err());
        assert!(layout(0, 10, 10, 39).check(4000).is_err());
        assert!(layout(0, 16_385, 1, 65_540).check(i32::MAX).is_err());
    }
}
