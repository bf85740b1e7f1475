//! Copying of buffers that the host must not map: only what changed, by read and write.
//!
//! A buffer has a twin of the same layout in the proxy's memory. Several buffers take turns on
//! a surface, so a twin misses the damage of the commits that showed another buffer; the
//! surface keeps a trail of the last ones.

use std::collections::VecDeque;

use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_surface::WlSurface;

use super::buffers::{Layout, Pool, Rect};
use crate::{fds, quota};

/// Commits that the trail remembers; clients rarely use more than four buffers.
const REMEMBERED: usize = 8;
/// With more rectangles than this, everything is copied.
const SEPARATE: usize = 128;
/// Bytes moved at once: small enough to stay in the cache.
const CHUNK: usize = 64 * 1024;

/// What is copied by: a piece of memory that is kept from frame to frame, since fresh memory would cost more than the copy of a
/// small damage, and how many bytes were moved.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    chunk: Vec<u8>,
    moved: u64,
}

impl Scratch {
    /// How many bytes were moved since this was asked last.
    pub(crate) fn moved(&mut self) -> u64 {
        std::mem::take(&mut self.moved)
    }
}

/// The damage of a surface's last commits.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    commits: u64,
    damage: VecDeque<Option<Vec<Rect>>>,
}

/// When a twin was last brought up to date, and for which surface.
#[derive(Debug, Default)]
pub(crate) struct Mark(Option<(ObjectId, u64)>);

impl Trail {
    /// Adds a commit, then lists what changed since `seen`; none means everything.
    fn since(&mut self, seen: Option<u64>, damage: Option<&[Rect]>) -> Option<Vec<Rect>> {
        self.commits += 1;
        if self.damage.len() == REMEMBERED {
            self.damage.pop_front();
        }
        self.damage.push_back(damage.map(<[Rect]>::to_vec));
        let missed = usize::try_from(self.commits - seen?)
            .ok()
            .filter(|n| *n <= self.damage.len())?;
        let mut all: Vec<Rect> = Vec::new();
        for damage in self.damage.iter().rev().take(missed) {
            for rect in damage.as_deref()? {
                // Clients that take turns with buffers often damage the same place again.
                if !all.iter().any(|known| known.covers(rect)) {
                    all.retain(|known| !rect.covers(known));
                    all.push(*rect);
                }
            }
            if all.len() > SEPARATE {
                return None;
            }
        }
        Some(all)
    }
}

/// Brings the twin of a buffer up to date.
pub(crate) fn copy(
    pool: &Pool,
    layout: &Layout,
    mark: &mut Mark,
    trail: &mut Trail,
    surface: &WlSurface,
    damage: Option<&[Rect]>,
    scratch: &mut Scratch,
) -> Result<(), &'static str> {
    let seen = mark
        .0
        .as_ref()
        .filter(|(id, _)| *id == surface.id())
        .map(|(_, commit)| *commit);
    match trail.since(seen, damage) {
        Some(changed) => copy_rects(pool, layout, &changed, scratch)?,
        None => copy_whole(pool, layout, scratch)?,
    }
    mark.0 = Some((surface.id(), trail.commits));
    Ok(())
}

/// Brings all of a twin up to date.
pub(crate) fn copy_whole(
    pool: &Pool,
    layout: &Layout,
    scratch: &mut Scratch,
) -> Result<(), &'static str> {
    copy_rects(pool, layout, &[whole(layout)], scratch)
}

fn whole(layout: &Layout) -> Rect {
    Rect {
        x: 0,
        y: 0,
        w: layout.width,
        h: layout.height,
    }
}

fn copy_rects(
    pool: &Pool,
    layout: &Layout,
    rects: &[Rect],
    scratch: &mut Scratch,
) -> Result<(), &'static str> {
    let Some(shadow) = &pool.shadow else {
        return Err("the buffer has no memory to be copied to");
    };
    let all = u64::from(layout.height.unsigned_abs()) * u64::from(layout.stride.unsigned_abs());
    if all > quota::COPIED_AT_ONCE {
        return Err("a picture is too large to be copied");
    }
    // Rectangles that overlap can say more than there is.
    let wanted = rects.iter().flat_map(|rect| spans(layout, *rect));
    let wanted: u64 = wanted.map(|(_, length)| length).sum();
    let whole = [whole(layout)];
    let rects = if wanted > all { &whole[..] } else { rects };
    scratch.chunk.resize(CHUNK, 0);
    for (start, length) in rects.iter().flat_map(|rect| spans(layout, *rect)) {
        scratch.moved += length;
        move_bytes(
            pool.fd.as_fd(),
            shadow.as_fd(),
            start,
            length,
            &mut scratch.chunk,
        )
        .map_err(|_| "the pool is smaller than its buffers")?;
    }
    Ok(())
}

/// The byte ranges of a rectangle, cut to the buffer.
fn spans(layout: &Layout, rect: Rect) -> impl Iterator<Item = (u64, u64)> + use<> {
    let layout = *layout;
    let clamp = |start: i32, length: i32, max: i32| {
        let low = i64::from(start).clamp(0, i64::from(max));
        let high = (i64::from(start) + i64::from(length.max(0))).clamp(low, i64::from(max));
        (low.unsigned_abs(), high.unsigned_abs())
    };
    let (left, right) = clamp(rect.x, rect.w, layout.width);
    let (top, bottom) = clamp(rect.y, rect.h, layout.height);
    let stride = u64::from(layout.stride.unsigned_abs());
    let offset = u64::from(layout.offset.unsigned_abs());
    let empty = left == right || top == bottom;
    let pixel = bytes_per_pixel(layout.format).map(u64::from);
    // Few wide rows are cheaper to copy with their gaps than one by one.
    let wide = (right - left) * 4 >= u64::from(layout.width.unsigned_abs()) * 3;
    let (rows, first, length) = match pixel {
        _ if empty => (0, 0, 0),
        Some(pixel) if !wide => (bottom - top, left * pixel, (right - left) * pixel),
        _ => (1, 0, (bottom - top) * stride),
    };
    (0..rows).map(move |row| (offset + (top + row) * stride + first, length))
}

/// Copies a range. Reading instead of mapping means that a truncated file is a short read here,
/// not a fault.
fn move_bytes(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    start: u64,
    length: u64,
    buffer: &mut [u8],
) -> Result<(), Errno> {
    let mut position = start;
    let end = start + length;
    while position < end {
        let want = usize::try_from(end - position)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = rustix::io::pread(from, &mut buffer[..want], position)?;
        if read == 0 {
            return Err(Errno::IO);
        }
        fds::write_at(to, &buffer[..read], position)?;
        position += read as u64;
    }
    Ok(())
}

/// Bytes of a pixel of the formats that are known here; none for those with several planes.
pub(crate) fn bytes_per_pixel(format: u32) -> Option<u8> {
    let code = match format {
        // argb8888 and xrgb8888 have numbers of their own, the others are four letters.
        0 | 1 => return Some(4),
        _ => format.to_le_bytes(),
    };
    match &code {
        b"AB24" | b"XB24" | b"RA24" | b"RX24" | b"BA24" | b"BX24" | b"AR30" | b"XR30" | b"AB30"
        | b"XB30" => Some(4),
        b"RG16" | b"BG16" | b"AR15" | b"XR15" | b"AR12" | b"XR12" => Some(2),
        b"RG24" | b"BG24" => Some(3),
        b"AB4H" | b"XB4H" | b"AR48" | b"XR48" | b"AB48" | b"XB48" => Some(8),
        b"R8  " => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        offset: 64,
        width: 100,
        height: 10,
        stride: 400,
        format: 0,
    };

    #[test]
    fn a_small_rectangle_is_copied_row_by_row() {
        let rows: Vec<_> = spans(
            &LAYOUT,
            Rect {
                x: 2,
                y: 1,
                w: 3,
                h: 2,
            },
        )
        .collect();
        assert_eq!(rows, [(64 + 400 + 8, 12), (64 + 800 + 8, 12)]);
    }

    #[test]
    fn a_wide_one_at_once_and_cut_to_the_buffer() {
        let everything = Rect {
            x: -5,
            y: -5,
            w: i32::MAX,
            h: i32::MAX,
        };
        assert_eq!(spans(&LAYOUT, everything).collect::<Vec<_>>(), [(64, 4000)]);
        assert_eq!(
            spans(
                &LAYOUT,
                Rect {
                    x: 200,
                    y: 0,
                    w: 5,
                    h: 5
                }
            )
            .count(),
            0
        );
        assert_eq!(
            spans(
                &LAYOUT,
                Rect {
                    x: 0,
                    y: 0,
                    w: -5,
                    h: 5
                }
            )
            .count(),
            0
        );
    }

    #[test]
    fn what_was_damaged_twice_is_copied_once() {
        let mut trail = Trail::default();
        let small = Rect {
            x: 2,
            y: 2,
            w: 3,
            h: 3,
        };
        let large = Rect {
            x: 0,
            y: 0,
            w: 10,
            h: 10,
        };
        trail.since(None, Some(&[small]));
        trail.since(None, Some(&[large]));
        assert_eq!(trail.since(Some(0), Some(&[small])), Some(vec![large]));
    }

    #[test]
    fn a_twin_gets_what_it_missed() {
        let rect = |x| Rect {
            x,
            y: 0,
            w: 1,
            h: 1,
        };
        let mut trail = Trail::default();
        assert_eq!(trail.since(None, Some(&[rect(1)])), None);
        assert_eq!(trail.since(None, Some(&[rect(2)])), None);
        assert_eq!(
            trail.since(Some(1), Some(&[rect(3)])),
            Some(vec![rect(3), rect(2)])
        );
        assert_eq!(trail.since(Some(2), None), None);
    }

    #[test]
    fn one_that_was_away_too_long_gets_everything() {
        let mut trail = Trail::default();
        for _ in 0..=REMEMBERED {
            trail.since(None, Some(&[]));
        }
        assert_eq!(trail.since(Some(1), Some(&[])), None);
    }
}
