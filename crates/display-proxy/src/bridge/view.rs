//! What of a surface is shown, and how large: the app's viewport, and what of it a border cuts off.

use wayland_protocols::wp::viewporter::client::wp_viewport::WpViewport as HostViewport;
use wayland_server::protocol::wl_output::Transform;

use super::buffers::Rect;

/// A viewport's state, <https://wayland.app/protocols/viewporter>.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct View {
    /// Place and size in the turned and scaled buffer.
    pub(crate) source: Option<[f64; 4]>,
    pub(crate) destination: Option<(i32, i32)>,
}

/// What the wire can say: 256ths.
fn down(number: f64) -> f64 {
    (number * 256.0).floor() / 256.0
}

impl View {
    /// The size of the surface, if it were that large without a viewport.
    pub(crate) fn size(&self, w: i32, h: i32) -> (i32, i32) {
        match (self.destination, self.source) {
            (Some(size), _) => size,
            // Without a destination the host wants a whole number here.
            (None, Some([_, _, w, h])) => (whole(w), whole(h)),
            (None, None) => (w, h),
        }
    }

    /// The view of a part of the surface; `size` is its size without a viewport.
    pub(crate) fn cut(&self, part: Rect, (w, h): (i32, i32)) -> Self {
        let all = self.size(w, h);
        let whole = Rect {
            x: 0,
            y: 0,
            w: all.0,
            h: all.1,
        };
        if part == whole {
            return *self;
        }
        let [x, y, w, h] = self
            .source
            .unwrap_or([0.0, 0.0, f64::from(w), f64::from(h)]);
        let by = (w / f64::from(all.0.max(1)), h / f64::from(all.1.max(1)));
        // Rounded so that it stays within: a host ends the connection over what is outside of the buffer.
        let left = down(x + f64::from(part.x) * by.0);
        let top = down(y + f64::from(part.y) * by.1);
        let width = down((f64::from(part.w) * by.0).min(x + w - left));
        let height = down((f64::from(part.h) * by.1).min(y + h - top));
        Self {
            source: Some([left, top, width, height]),
            destination: Some((part.w, part.h)),
        }
    }

    pub(crate) fn tell(&self, viewport: &HostViewport) {
        let [x, y, w, h] = self.source.unwrap_or([-1.0; 4]);
        viewport.set_source(x, y, w, h);
        let (w, h) = self.destination.unwrap_or((-1, -1));
        viewport.set_destination(w, h);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped first; a float has no checked conversion"
)]
fn whole(length: f64) -> i32 {
    length.ceil().clamp(1.0, 16_777_216.0) as i32
}

/// Whether width and height change places.
pub(crate) fn is_turned(transform: Transform) -> bool {
    matches!(
        transform,
        Transform::_90 | Transform::_270 | Transform::Flipped90 | Transform::Flipped270
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_out_of_the_buffer() {
        let part = Rect {
            x: 20,
            y: 10,
            w: 100,
            h: 80,
        };
        let cut = View::default().cut(part, (200, 150));
        assert_eq!(cut.source, Some([20.0, 10.0, 100.0, 80.0]));
        assert_eq!(cut.destination, Some((100, 80)));
        // At a scale of one and a half.
        let view = View {
            source: None,
            destination: Some((200, 150)),
        };
        let cut = view.cut(part, (300, 225));
        assert_eq!(cut.source, Some([30.0, 15.0, 150.0, 120.0]));
        assert_eq!(cut.destination, Some((100, 80)));
    }

    #[test]
    fn all_of_it_needs_no_viewport() {
        let all = Rect {
            x: 0,
            y: 0,
            w: 200,
            h: 150,
        };
        assert_eq!(View::default().cut(all, (200, 150)), View::default());
    }

    #[test]
    fn no_part_reaches_out_of_the_buffer() {
        for length in 1..200 {
            for all in [1, 3, 7, 133, 199] {
                let view = View {
                    source: None,
                    destination: Some((all, all)),
                };
                let part = Rect {
                    x: all / 3,
                    y: 0,
                    w: all - all / 3,
                    h: all,
                };
                let cut = view.cut(part, (length, length));
                if let Some([x, y, w, h]) = cut.source {
                    assert!(x + w <= f64::from(length) && y + h <= f64::from(length));
                    assert!(w > 0.0 && h > 0.0);
                }
            }
        }
    }
}
