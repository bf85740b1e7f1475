//! Round corners where nobody puts windows together: what an app has left transparent is cut out of its window.

use x11rb::protocol::shape::{ConnectionExt as _, SK, SO};
use x11rb::protocol::xproto::{ClipOrdering, Rectangle};

use wayland_server::backend::ObjectId;

use super::State;
use super::buffers::Picture;
use super::rect::Rect;
use super::screen::{short, side};

/// What is less opaque than this is cut out.
const VISIBLE: u8 = 128;
/// A picture of more parts than this is shown whole.
const PARTS: usize = 4096;

impl State {
    /// Gives a window the shape of its picture, whose pixel at its own corner is `from`.
    pub(super) fn shape(&self, id: &ObjectId, picture: &Picture, from: (i32, i32)) {
        let Some(window) = self.window(id) else {
            return;
        };
        if picture.opaque || window.look.depth == 32 || !self.screen.shapes {
            return;
        }
        let all = window.rect();
        let mut pixels = Vec::new();
        let seen = all.moved(from.0, from.1).common(Rect::sized(picture.size));
        picture.read(seen, &mut pixels);
        let mut parts = parts(&pixels, seen.size());
        for part in &mut parts {
            *part = part.moved(seen.x - from.0, seen.y - from.1);
        }
        let conn = &self.screen.conn;
        let kind = SK::BOUNDING;
        if parts.len() > PARTS || parts == [all] {
            let _ = conn.shape_mask(SO::SET, kind, window.id, 0, 0, x11rb::NONE);
            return;
        }
        let rectangle = |rect: &Rect| Rectangle {
            x: short(rect.x),
            y: short(rect.y),
            width: side(rect.w),
            height: side(rect.h),
        };
        let parts: Vec<_> = parts.iter().map(rectangle).collect();
        let order = ClipOrdering::YX_BANDED;
        let _ = conn.shape_rectangles(SO::SET, kind, order, window.id, 0, 0, &parts);
    }
}

/// The rectangles in which pixels can be seen; rows that are alike are one.
fn parts(pixels: &[u8], (width, _): (i32, i32)) -> Vec<Rect> {
    let Ok(row) = usize::try_from(4 * width) else {
        return Vec::new();
    };
    let mut all: Vec<Rect> = Vec::new();
    let mut before = 0..0;
    for (y, line) in (0..).zip(pixels.chunks_exact(row.max(4))) {
        let spans = spans(line);
        let same = all.get(before.clone()).is_some_and(|last| {
            let like = |(rect, span): (&Rect, &(i32, i32))| (rect.x, rect.w) == *span;
            last.len() == spans.len() && !last.is_empty() && last.iter().zip(&spans).all(like)
        });
        if same {
            all[before.clone()].iter_mut().for_each(|rect| rect.h += 1);
        } else {
            let start = all.len();
            all.extend(spans.into_iter().map(|(x, w)| Rect::new(x, y, w, 1)));
            before = start..all.len();
        }
        if all.len() > PARTS {
            break;
        }
    }
    all
}

/// Where in a row pixels can be seen: start and length.
fn spans(line: &[u8]) -> Vec<(i32, i32)> {
    let mut spans: Vec<(i32, i32)> = Vec::new();
    for (x, pixel) in (0..).zip(line.chunks_exact(4)) {
        if pixel[3] < VISIBLE {
            continue;
        }
        match spans.last_mut() {
            Some((start, length)) if *start + *length == x => *length += 1,
            _ => spans.push((x, 1)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_a_window_are_cut_off() {
        let (seen, clear) = ([0, 0, 0, 255], [0, 0, 0, 0]);
        let edge = [clear, seen, seen, clear].concat();
        let middle = [seen; 4].concat();
        let pixels = [&edge[..], &middle, &middle, &edge].concat();
        let expected = [
            Rect::new(1, 0, 2, 1),
            Rect::new(0, 1, 4, 2),
            Rect::new(1, 3, 2, 1),
        ];
        assert_eq!(parts(&pixels, (4, 4)), expected);
    }

    #[test]
    fn what_is_all_there_is_one_rectangle_and_what_is_not_is_none() {
        let seen = [9, 9, 9, 200].repeat(12);
        assert_eq!(parts(&seen, (4, 3)), [Rect::new(0, 0, 4, 3)]);
        let clear = [0, 0, 0, 0].repeat(12);
        assert_eq!(parts(&clear, (4, 3)), []);
        assert_eq!(parts(&[], (0, 0)), []);
    }

    #[test]
    fn holes_and_gaps_stay() {
        let (seen, clear) = ([0, 0, 0, 255], [0, 0, 0, 0]);
        let pixels = [seen, clear, seen, clear, clear, clear, seen, clear, seen].concat();
        let expected = [
            Rect::new(0, 0, 1, 1),
            Rect::new(2, 0, 1, 1),
            Rect::new(0, 2, 1, 1),
            Rect::new(2, 2, 1, 1),
        ];
        assert_eq!(parts(&pixels, (3, 3)), expected);
    }
}
