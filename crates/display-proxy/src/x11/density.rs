//! How dense the pixels of X are. Its clients know pixels, the host counts in units that are as large on every screen: on a dense
//! one the X server gets the screen's own pixels, and everything that passes between the two is converted.
//!
//! Lengths that become the host's are rounded down, and up on the way back, so that what comes back is what was told. A pixel that
//! does not fill a unit is not shown: what is cut stays sharp, what is stretched does not.

use crate::bridge::buffers::Rect;
use crate::bridge::known::Screen;
use crate::bridge::surfaces::RegionPart;
use crate::bridge::view::View;

/// As `wp_fractional_scale_v1` counts.
const WHOLE: i32 = 120;
/// Dots per inch where a pixel is a unit.
const DPI: u32 = 96;
/// Pixels of the side of a cursor there.
const CURSOR: u32 = 24;
/// More than any screen has.
const MOST: i32 = 4 * WHOLE;

/// Pixels of X in one of the host's units, in 120ths; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Density(i32);

impl Default for Density {
    fn default() -> Self {
        Self(WHOLE)
    }
}

/// Clamped, as the wire and the server have no larger numbers.
fn clamped(number: i64) -> i32 {
    number
        .clamp(i32::MIN.into(), i32::MAX.into())
        .try_into()
        .unwrap_or(0)
}

impl Density {
    /// That of the densest screen, so that nothing has to be blown up.
    pub(crate) fn of<'a>(screens: impl Iterator<Item = &'a Screen>) -> Self {
        let of = |screen: &Screen| {
            let whole = screen.scale.unwrap_or(1).saturating_mul(WHOLE);
            let exact = || {
                let (_, width, height, _) = screen.mode?;
                let (w, h) = screen.logical_size?;
                // Turned or not, the longer sides are each other's. Rounded: sizes are whole numbers.
                let (pixels, units) = (i64::from(width.max(height)), i64::from(w.max(h)));
                (pixels > 0 && units > 0)
                    .then(|| clamped((pixels * 2 * i64::from(WHOLE) / units + 1) / 2))
            };
            exact().unwrap_or(whole)
        };
        Self(screens.map(of).max().unwrap_or(WHOLE).clamp(WHOLE, MOST))
    }

    pub(crate) fn is_usual(self) -> bool {
        self == Self::default()
    }

    /// A length or place of the host in pixels of X.
    pub(crate) fn up(self, units: i32) -> i32 {
        clamped(-(-i64::from(units) * i64::from(self.0)).div_euclid(WHOLE.into()))
    }

    /// A length or place in pixels of X, as the host has it.
    pub(crate) fn down(self, pixels: i32) -> i32 {
        clamped((i64::from(pixels) * i64::from(WHOLE)).div_euclid(self.0.into()))
    }

    /// The same of what has parts of pixels.
    pub(crate) fn up_at(self, (x, y): (f64, f64)) -> (f64, f64) {
        (x * self.factor(), y * self.factor())
    }

    pub(crate) fn down_at(self, (x, y): (f64, f64)) -> (f64, f64) {
        (x / self.factor(), y / self.factor())
    }

    fn factor(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }

    /// Both numbers of a place or size.
    pub(crate) fn down_both(self, (x, y): (i32, i32)) -> (i32, i32) {
        (self.down(x), self.down(y))
    }

    /// A rectangle, without the units that it has a part of only.
    pub(crate) fn within(self, rect: Rect) -> Rect {
        // Rounded up, as of -1 down is towards it.
        let up = |pixels: i32| self.down(pixels.saturating_neg()).saturating_neg();
        self.between(rect, up, |pixels| self.down(pixels))
    }

    /// A rectangle, with all that it has a part of.
    pub(crate) fn around(self, rect: Rect) -> Rect {
        let up = |pixels: i32| self.down(pixels.saturating_neg()).saturating_neg();
        self.between(rect, |pixels| self.down(pixels), up)
    }

    fn between(self, rect: Rect, begin: impl Fn(i32) -> i32, end: impl Fn(i32) -> i32) -> Rect {
        let axis = |at: i32, length: i32| {
            let from = begin(at);
            (
                from,
                end(at.saturating_add(length)).saturating_sub(from).max(0),
            )
        };
        let ((x, w), (y, h)) = (axis(rect.x, rect.w), axis(rect.y, rect.h));
        Rect { x, y, w, h }
    }

    /// A region of which nothing may be said that does not hold (what is opaque).
    pub(crate) fn less(self, parts: Vec<RegionPart>) -> Vec<RegionPart> {
        self.rounded(parts, false)
    }

    /// A region of which nothing may be missing (where it hears of the pointer).
    pub(crate) fn more(self, parts: Vec<RegionPart>) -> Vec<RegionPart> {
        self.rounded(parts, true)
    }

    /// A region that is rounded to whole pixels, and grows by that or shrinks.
    fn rounded(self, parts: Vec<RegionPart>, grows: bool) -> Vec<RegionPart> {
        let part = |(adds, rect): RegionPart| {
            let rect = if adds == grows {
                self.around(rect)
            } else {
                self.within(rect)
            };
            (adds, rect)
        };
        parts.into_iter().map(part).collect()
    }

    /// How a picture of that size is shown.
    pub(crate) fn view(self, (width, height): (i32, i32)) -> View {
        if self.is_usual() {
            return View::default();
        }
        // What the wire can say: 256ths.
        let exact = |units: i32, pixels: i32| {
            let length = (f64::from(units) * self.factor() * 256.0).floor() / 256.0;
            length.min(f64::from(pixels))
        };
        let (w, h) = (self.down(width).max(1), self.down(height).max(1));
        let shown = (exact(w, width), exact(h, height));
        let is_whole = shown == (f64::from(width), f64::from(height));
        View {
            source: (!is_whole).then_some([0.0, 0.0, shown.0, shown.1]),
            destination: Some((w, h)),
        }
    }

    /// Dots per inch.
    pub(crate) fn dpi(self) -> u32 {
        self.times(DPI)
    }

    /// Pixels of the side of a cursor.
    pub(crate) fn cursor(self) -> u32 {
        self.times(CURSOR)
    }

    fn times(self, number: u32) -> u32 {
        number * self.0.unsigned_abs() / WHOLE.unsigned_abs()
    }

    /// How often toolkits draw a pixel that know whole numbers only.
    pub(crate) fn whole(self) -> u32 {
        (self.0 / WHOLE).unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Density = Density(180);

    fn screen(scale: i32, mode: (i32, i32), logical: Option<(i32, i32)>) -> Screen {
        Screen {
            mode: Some((1, mode.0, mode.1, 60_000)),
            scale: Some(scale),
            logical_size: logical,
            ..Screen::default()
        }
    }

    #[test]
    fn a_screen_is_as_dense_as_its_sizes_say() {
        let of = |screen: &Screen| Density::of([screen].into_iter());
        assert_eq!(
            of(&screen(1, (1600, 1000), Some((1600, 1000)))),
            Density::default()
        );
        assert_eq!(of(&screen(2, (1600, 1000), Some((1067, 667)))), HALF);
        assert_eq!(of(&screen(2, (1600, 1000), Some((500, 800)))), Density(240));
        assert_eq!(of(&screen(2, (1600, 1000), None)), Density(240));
        assert_eq!(
            of(&screen(1, (1600, 1000), Some((3200, 2000)))),
            Density::default()
        );
        assert_eq!(of(&screen(1, (1600, 0), Some((1, 0)))), Density(MOST));
        assert_eq!(Density::of(std::iter::empty()), Density::default());
    }

    #[test]
    fn what_the_host_tells_comes_back_to_it() {
        for density in [
            Density::default(),
            Density(150),
            HALF,
            Density(210),
            Density(240),
        ] {
            for units in (-300..3000).chain([i32::MIN, i32::MAX]) {
                let back = density.down(density.up(units));
                assert!(
                    back == units || units.unsigned_abs() > 1 << 28,
                    "{density:?} {units}"
                );
            }
        }
    }

    #[test]
    fn no_view_reaches_out_of_its_picture() {
        for density in [Density(150), HALF, Density(211), Density(240)] {
            for side in 1..500 {
                let view = density.view((side, side));
                let [x, y, w, h] = view.source.unwrap_or([0.0, 0.0, side.into(), side.into()]);
                assert!(x == 0.0 && y == 0.0 && w > 0.0 && w <= f64::from(side) && w == h);
                let (units, _) = view.destination.unwrap();
                assert!(f64::from(side) - w < 2.0 && units >= 1);
            }
        }
        let even = Density(240).view((400, 300));
        assert_eq!((even.source, even.destination), (None, Some((200, 150))));
    }

    #[test]
    fn what_is_opaque_is_no_more_and_what_is_clicked_no_less() {
        let rect = |x, y, w, h| Rect { x, y, w, h };
        let odd = rect(1, 2, 10, 9);
        assert_eq!(Density(240).within(odd), rect(1, 1, 4, 4));
        assert_eq!(Density(240).around(odd), rect(0, 1, 6, 5));
        let all = rect(i32::MIN, i32::MIN, i32::MAX, i32::MAX);
        assert!(HALF.within(all).w >= 0 && HALF.around(all).h >= 0);
    }
}
