//! Brings what has changed to the server: from the app's memory as it is where that will do, else put together here.

use std::rc::Rc;

use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_output::Transform;
use x11rb::connection::RequestConnection as _;
use x11rb::protocol::shm::ConnectionExt as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use super::State;
use super::buffers::{Picture, Pixels};
use super::rect::Rect;
use super::screen::{short, side};
use super::surfaces::{Layer, Surface, layers, to_int, turned};
use super::windows::Window;

/// Bytes that go through the socket in one request.
const REQUEST: usize = 256 * 1024;
/// Bytes before the pixels of such a request.
const HEAD: usize = 32;

/// What the server takes of one picture as it is.
struct Taken {
    picture: Rc<Picture>,
    /// Which of its pixels is at the window's corner.
    from: (i32, i32),
    /// In the window's pixels.
    rects: Vec<Rect>,
}

impl State {
    /// Draws everything that is damaged.
    pub(super) fn paint(&mut self) {
        let damaged = |(id, shell): (&ObjectId, &super::shell::Shell)| {
            let window = shell.window.as_ref()?;
            (!window.damage.is_empty()).then(|| id.clone())
        };
        let all: Vec<_> = self.shells.iter().filter_map(damaged).collect();
        for id in all {
            let layers = layers(&self.surfaces, &id);
            let Some(window) = self.window_mut(&id) else {
                continue;
            };
            let rects = window.damage.take();
            self.paint_window(&id, &rects, &layers);
        }
    }

    fn paint_window(&mut self, id: &ObjectId, rects: &[Rect], layers: &[Layer]) {
        let Some(window) = self.window(id) else {
            return;
        };
        let (part, scale, reshaped) = (window.part, self.screen.scale, window.reshaped);
        let mut rest = Vec::new();
        let mut direct: Vec<Taken> = Vec::new();
        for rect in rects {
            let Some((picture, from)) = self.alone_at(window, layers, *rect) else {
                rest.push(*rect);
                continue;
            };
            match direct.last_mut() {
                Some(last) if Rc::ptr_eq(&last.picture, &picture) => last.rects.push(*rect),
                _ => direct.push(Taken {
                    picture,
                    from,
                    rects: vec![*rect],
                }),
            }
        }
        for taken in direct {
            self.put(id, &taken.picture, taken.from, &taken.rects);
        }
        if reshaped
            && let [only] = layers
            && let Some(picture) = self.surfaces.get(&only.id).and_then(Surface::picture)
        {
            self.shape(id, picture, (part.x * scale, part.y * scale));
        }
        if let Some(window) = self.window_mut(id) {
            window.reshaped = false;
        }
        if rest.is_empty() {
            return;
        }
        let (mut pixels, mut read) = (std::mem::take(&mut self.scratch), Vec::new());
        let Some(window) = self.window(id) else {
            return;
        };
        for rect in &rest {
            let (xid, gc, depth) = (window.id, window.gc, window.look.depth);
            let length = usize::try_from(4 * i64::from(rect.w) * i64::from(rect.h)).unwrap_or(0);
            pixels.clear();
            pixels.resize(length, 0);
            for layer in layers {
                if let Some(surface) = self.surfaces.get(&layer.id) {
                    let at = (layer.at.0 - window.part.x, layer.at.1 - window.part.y);
                    let canvas = Canvas {
                        rect: *rect,
                        scale: self.screen.scale,
                        pixels: &mut pixels,
                    };
                    lay(surface, at, canvas, &mut read);
                }
            }
            self.send_pixels(xid, gc, depth, *rect, &pixels);
        }
        self.scratch = pixels;
    }

    /// The one picture that is seen in a rectangle, if the server can take it from memory, and which of its
    /// pixels is at the window's corner.
    fn alone_at(
        &self,
        window: &Window,
        layers: &[Layer],
        rect: Rect,
    ) -> Option<(Rc<Picture>, (i32, i32))> {
        let scale = self.screen.scale;
        let mut there = layers.iter().filter_map(|layer| {
            let surface = self.surfaces.get(&layer.id)?;
            let (w, h) = surface.size();
            let at = (layer.at.0 - window.part.x, layer.at.1 - window.part.y);
            let place = Rect::new(at.0, at.1, w, h).scaled(scale);
            (!place.common(rect).is_empty()).then_some((surface, place))
        });
        let (surface, place) = there.next_back()?;
        let picture = surface.picture()?;
        let hides = place.covers(rect) && (picture.opaque || there.next().is_none());
        // A window of one surface is never more than that.
        let only = layers.len() == 1;
        let (x, y) = corner(surface, window, scale).filter(|_| hides || only)?;
        Some((Rc::clone(picture), (x - place.x, y - place.y)))
    }

    /// Draws a picture as it is.
    fn put(&mut self, id: &ObjectId, picture: &Rc<Picture>, (x, y): (i32, i32), rects: &[Rect]) {
        let Some(window) = self.window(id) else {
            return;
        };
        let (xid, gc, depth) = (window.id, window.gc, window.look.depth);
        let all = Rect::sized(picture.size).moved(-x, -y);
        let rects: Vec<Rect> = rects.iter().map(|rect| rect.common(all)).collect();
        let mut rects = rects.into_iter().filter(|rect| !rect.is_empty()).peekable();
        while let Some(rect) = rects.next() {
            let last = rects.peek().is_none();
            if !self.put_shared(xid, gc, depth, picture, rect, (x, y), last) {
                let mut pixels = std::mem::take(&mut self.scratch);
                picture.read(rect.moved(x, y), &mut pixels);
                self.send_pixels(xid, gc, depth, rect, &pixels);
                self.scratch = pixels;
            }
        }
    }

    /// Has the server take a rectangle out of the app's memory; false if it cannot.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the request's, but for one"
    )]
    fn put_shared(
        &mut self,
        window: u32,
        gc: u32,
        depth: u8,
        picture: &Rc<Picture>,
        rect: Rect,
        (x, y): (i32, i32),
        last: bool,
    ) -> bool {
        let Pixels::Memory {
            pool,
            offset,
            stride,
        } = &picture.pixels
        else {
            return false;
        };
        let (w, h) = picture.size;
        let end = i64::from(*offset) + i64::from(*stride) * i64::from(h);
        let fits = stride % 4 == 0 && stride / 4 <= i32::from(u16::MAX);
        let Some(segment) = fits.then(|| pool.segment(end.unsigned_abs())).flatten() else {
            return false;
        };
        debug_assert!(stride / 4 >= w, "the buffer's rows are its own");
        let sent = self.screen.conn.shm_put_image(
            window,
            gc,
            u16::try_from(stride / 4).unwrap_or(u16::MAX),
            side(h),
            side_or_nothing(rect.x + x),
            side_or_nothing(rect.y + y),
            side(rect.w),
            side(rect.h),
            short(rect.x),
            short(rect.y),
            depth,
            ImageFormat::Z_PIXMAP.into(),
            last,
            segment,
            offset.unsigned_abs(),
        );
        if sent.is_ok() && last {
            picture.reading();
            self.reading.push_back(Rc::clone(picture));
        }
        sent.is_ok()
    }

    /// Sends pixels through the socket, so many rows at a time.
    fn send_pixels(&self, window: u32, gc: u32, depth: u8, rect: Rect, pixels: &[u8]) {
        let conn = &self.screen.conn;
        let row = usize::try_from(rect.w).unwrap_or(0) * 4;
        if row == 0 {
            return;
        }
        let most = conn
            .maximum_request_bytes()
            .min(REQUEST)
            .saturating_sub(HEAD);
        let rows = (most / row).max(1);
        let mut y = rect.y;
        for part in pixels.chunks(rows * row) {
            let height = i32::try_from(part.len() / row).unwrap_or(0);
            let sent = conn.put_image(
                ImageFormat::Z_PIXMAP,
                window,
                gc,
                side(rect.w),
                side(height),
                short(rect.x),
                short(y),
                0,
                depth,
                part,
            );
            if sent.is_err() {
                return;
            }
            y += height;
        }
    }

    /// The server has read what it was told last but those after.
    pub(super) fn was_read(&mut self) {
        if let Some(picture) = self.reading.pop_front() {
            picture.was_read();
        }
    }

    /// The server cannot have the app's memory after all: from now on pixels go through the socket.
    pub(super) fn no_shared_memory(&mut self) {
        tracing::debug!("the X server takes no memory from us");
        self.screen.shared_memory.set(false);
        while !self.reading.is_empty() {
            self.was_read();
        }
        for shell in self.shells.values_mut() {
            if let Some(window) = &mut shell.window {
                window.damage_all();
            }
        }
    }
}

fn side_or_nothing(value: i32) -> u16 {
    u16::try_from(value.max(0)).unwrap_or(u16::MAX)
}

/// Which pixel of its picture is at the corner of a surface, if the server can take them as they are in memory.
fn corner(surface: &Surface, window: &Window, scale: i32) -> Option<(i32, i32)> {
    let picture = surface.picture()?;
    let is_plain = matches!(picture.pixels, Pixels::Memory { .. })
        && surface.transform == Transform::Normal
        // What has no transparency may have anything in its place.
        && (window.look.depth != 32 || !picture.opaque);
    let at = unscaled(surface, picture.size, scale)?;
    is_plain.then_some(at)
}

/// The same as far as sizes are concerned: one of its pixels is one of the screen's.
fn unscaled(surface: &Surface, size: (i32, i32), scale: i32) -> Option<(i32, i32)> {
    let by = f64::from(surface.scale);
    let Some((x, y, w, h)) = surface.source else {
        let is_it = match surface.destination {
            Some((w, h)) => (w * scale, h * scale) == size,
            None => surface.scale == scale,
        };
        return is_it.then_some((0, 0));
    };
    let (x, y, w, h) = (x * by, y * by, w * by, h * by);
    let (width, height) = surface.destination.unwrap_or((to_int(w), to_int(h)));
    let is_it = (w, h) == (f64::from(width * scale), f64::from(height * scale))
        && x.fract() == 0.0
        && y.fract() == 0.0;
    is_it.then_some((to_int(x), to_int(y)))
}

/// Where layers are laid on each other.
pub(super) struct Canvas<'a> {
    /// In the window's pixels.
    pub(super) rect: Rect,
    pub(super) scale: i32,
    pub(super) pixels: &'a mut [u8],
}

/// Lays a surface, which is at a place in the app's units, on what there is.
pub(super) fn lay(surface: &Surface, at: (i32, i32), canvas: Canvas<'_>, read: &mut Vec<u8>) {
    let (Some(picture), size) = (surface.picture(), surface.size()) else {
        return;
    };
    let Canvas {
        rect,
        scale,
        pixels,
    } = canvas;
    let whole = Rect::new(at.0, at.1, size.0, size.1).scaled(scale);
    let part = whole.common(rect);
    if part.is_empty() {
        return;
    }
    let sampler = Sampler::new(surface, picture.size, whole.size());
    // What of the picture is needed at all: the corners of a rectangle stay corners.
    let corner = |x: i32, y: i32| sampler.at(x - whole.x, y - whole.y);
    let (a, b) = (
        corner(part.x, part.y),
        corner(part.right() - 1, part.bottom() - 1),
    );
    let needed = Rect::new(
        a.0.min(b.0),
        a.1.min(b.1),
        (a.0 - b.0).abs() + 1,
        (a.1 - b.1).abs() + 1,
    )
    .common(Rect::sized(picture.size));
    picture.read(needed, read);
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    for y in part.y..part.bottom() {
        let start = 4 * (count(y - rect.y) * count(rect.w) + count(part.x - rect.x));
        let row = pixels.get_mut(start..start + 4 * count(part.w));
        for (x, under) in (part.x..).zip(row.unwrap_or_default().chunks_exact_mut(4)) {
            let (sx, sy) = corner(x, y);
            let from = 4 * (count(sy - needed.y) * count(needed.w) + count(sx - needed.x));
            if let Some(over) = read.get(from..from + 4) {
                blend(under, over, picture.opaque);
            }
        }
    }
}

/// Lays one premultiplied pixel on another.
fn blend(under: &mut [u8], over: &[u8], opaque: bool) {
    let alpha = if opaque { 255 } else { u32::from(over[3]) };
    if alpha == 255 {
        under.copy_from_slice(over);
        under[3] = 255;
        return;
    }
    for (low, high) in under.iter_mut().zip(over) {
        let sum = u32::from(*high) + (u32::from(*low) * (255 - alpha) + 127) / 255;
        *low = u8::try_from(sum.min(255)).unwrap_or(255);
    }
}

/// Which pixel of a picture is shown where.
struct Sampler {
    /// The shown part, in the turned picture's pixels.
    start: (f64, f64),
    /// Pixels of the picture to one of the target.
    step: (f64, f64),
    transform: Transform,
    size: (i32, i32),
}

impl Sampler {
    fn new(surface: &Surface, size: (i32, i32), target: (i32, i32)) -> Self {
        let by = f64::from(surface.scale);
        let (w, h) = turned(surface.transform, size);
        let (x, y, w, h) = match surface.source {
            Some((x, y, w, h)) => (x * by, y * by, w * by, h * by),
            None => (0.0, 0.0, f64::from(w), f64::from(h)),
        };
        Self {
            start: (x, y),
            step: (
                w / f64::from(target.0.max(1)),
                h / f64::from(target.1.max(1)),
            ),
            transform: surface.transform,
            size,
        }
    }

    fn at(&self, x: i32, y: i32) -> (i32, i32) {
        let along = |n: i32, start: f64, step: f64| to_int(start + (f64::from(n) + 0.5) * step);
        let (x, y) = (
            along(x, self.start.0, self.step.0),
            along(y, self.start.1, self.step.1),
        );
        let (w, h) = self.size;
        let (x, y) = match self.transform {
            Transform::_90 => (y, h - 1 - x),
            Transform::_180 => (w - 1 - x, h - 1 - y),
            Transform::_270 => (w - 1 - y, x),
            Transform::Flipped => (w - 1 - x, y),
            Transform::Flipped90 => (y, x),
            Transform::Flipped180 => (x, h - 1 - y),
            Transform::Flipped270 => (w - 1 - y, h - 1 - x),
            _ => (x, y),
        };
        (x.clamp(0, (w - 1).max(0)), y.clamp(0, (h - 1).max(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_lie_on_each_other() {
        let mut under = [10, 20, 30, 255];
        blend(&mut under, &[0, 0, 0, 0], false);
        assert_eq!(under, [10, 20, 30, 255]);
        blend(&mut under, &[50, 50, 50, 128], false);
        assert_eq!(under, [55, 60, 65, 255]);
        blend(&mut under, &[1, 2, 3, 0], true);
        assert_eq!(under, [1, 2, 3, 255]);
    }

    #[test]
    fn a_picture_is_turned_as_the_protocol_has_it() {
        let sampler = |transform, (w, h): (i32, i32)| {
            let (tw, th) = turned(transform, (w, h));
            Sampler {
                start: (0.0, 0.0),
                step: (1.0, 1.0),
                transform,
                size: (w, h),
            }
            .corners((tw, th))
        };
        // What is seen at the first corner, and at its right neighbour along the side.
        assert_eq!(sampler(Transform::Normal, (4, 2)), [(0, 0), (3, 0)]);
        assert_eq!(sampler(Transform::_180, (4, 2)), [(3, 1), (0, 1)]);
        assert_eq!(sampler(Transform::Flipped, (4, 2)), [(3, 0), (0, 0)]);
        assert_eq!(sampler(Transform::_90, (4, 2)), [(0, 1), (0, 0)]);
        assert_eq!(sampler(Transform::_270, (4, 2)), [(3, 0), (3, 1)]);
    }

    impl Sampler {
        fn corners(&self, (w, _): (i32, i32)) -> [(i32, i32); 2] {
            [self.at(0, 0), self.at(w - 1, 0)]
        }
    }
}
