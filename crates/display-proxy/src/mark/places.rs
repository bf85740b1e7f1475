//! Where the sides of a border lie, and what a press on them means.

use wayland_protocols::xdg::shell::client::xdg_toplevel::ResizeEdge;

use crate::bridge::buffers::Rect;

/// Thickness of a window's border in logical pixels: one light, the others in the sandbox's colour. So it stands out
/// from what is light and from what is dark.
pub(crate) const BORDER: i32 = 4;
/// Height of its upper side, which has the name in it.
pub(crate) const BAR: i32 = 18;
/// Thickness around popups, and around what fills the screen.
pub(crate) const THIN: i32 = 2;
/// How far from a corner both of its sides are meant.
const CORNER: f64 = 16.0;

/// A side of a border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

impl Side {
    /// From the lowest to the highest.
    pub(crate) const ALL: [Self; 4] = [Self::Top, Self::Bottom, Self::Left, Self::Right];
}

/// How much of a border there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Of a window: with the name.
    #[default]
    Window,
    /// Of a popup or of what fills the screen.
    Thin,
}

/// What a press on a border means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grip {
    Move,
    Resize(ResizeEdge),
}

impl Shape {
    /// That of a window, which may fill the screen.
    pub(crate) fn of_window(fullscreen: bool) -> Self {
        if fullscreen { Self::Thin } else { Self::Window }
    }

    /// Thickness of all sides but the upper.
    pub(crate) fn thickness(self) -> i32 {
        match self {
            Self::Window => BORDER,
            Self::Thin => THIN,
        }
    }

    /// Thickness of the upper side.
    pub(crate) fn top(self) -> i32 {
        match self {
            Self::Window => BAR,
            Self::Thin => THIN,
        }
    }

    /// What a border adds to a size.
    pub(crate) fn adds(self) -> (i32, i32) {
        (
            2 * self.thickness(),
            self.top().saturating_add(self.thickness()),
        )
    }

    /// The outer edge of a border around something.
    pub(crate) fn around(self, inner: Rect) -> Rect {
        let (w, h) = self.adds();
        Rect {
            x: inner.x.saturating_sub(self.thickness()),
            y: inner.y.saturating_sub(self.top()),
            w: inner.w.saturating_add(w),
            h: inner.h.saturating_add(h),
        }
    }

    /// Where a side lies, by the outer edge.
    pub(crate) fn side(self, side: Side, outer: Rect) -> Rect {
        let thick = self.thickness();
        let Rect { x, y, w, h } = outer;
        match side {
            Side::Top => Rect {
                x,
                y,
                w,
                h: self.top(),
            },
            Side::Bottom => Rect {
                x,
                y: y.saturating_add(h - thick),
                w,
                h: thick,
            },
            Side::Left => Rect { x, y, w: thick, h },
            Side::Right => Rect {
                x: x.saturating_add(w - thick),
                y,
                w: thick,
                h,
            },
        }
    }

    /// What a press on a side means, at a place within it. `size` is that of the outer edge.
    pub(crate) fn grip(self, side: Side, (x, y): (f64, f64), size: (i32, i32)) -> Grip {
        let (w, h) = (f64::from(size.0), f64::from(size.1));
        let near = |at: f64, end: f64| (at < CORNER, at >= end - CORNER);
        let edge = match side {
            Side::Top if y >= f64::from(BORDER) => return Grip::Move,
            Side::Top => match near(x, w) {
                (true, _) => ResizeEdge::TopLeft,
                (_, true) => ResizeEdge::TopRight,
                _ => ResizeEdge::Top,
            },
            Side::Bottom => match near(x, w) {
                (true, _) => ResizeEdge::BottomLeft,
                (_, true) => ResizeEdge::BottomRight,
                _ => ResizeEdge::Bottom,
            },
            Side::Left => match near(y, h) {
                (true, _) => ResizeEdge::TopLeft,
                (_, true) => ResizeEdge::BottomLeft,
                _ => ResizeEdge::Left,
            },
            Side::Right => match near(y, h) {
                (true, _) => ResizeEdge::TopRight,
                (_, true) => ResizeEdge::BottomRight,
                _ => ResizeEdge::Right,
            },
        };
        Grip::Resize(edge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: i32, y: i32, w: i32, h: i32) -> Rect {
        Rect { x, y, w, h }
    }

    #[test]
    fn the_sides_lie_around_and_not_upon() {
        for shape in [Shape::Window, Shape::Thin] {
            let inner = rect(7, -3, 50, 40);
            let outer = shape.around(inner);
            for side in Side::ALL {
                let at = shape.side(side, outer);
                assert!(outer.covers(&at), "{side:?}");
                let apart = at.x + at.w <= inner.x
                    || at.y + at.h <= inner.y
                    || at.x >= inner.x + inner.w
                    || at.y >= inner.y + inner.h;
                assert!(apart, "{side:?} {at:?}");
            }
        }
    }

    #[test]
    fn every_pixel_between_the_edges_is_of_a_side() {
        for shape in [Shape::Window, Shape::Thin] {
            let inner = rect(0, 0, 3, 2);
            let outer = shape.around(inner);
            for x in outer.x..outer.x + outer.w {
                for y in outer.y..outer.y + outer.h {
                    let pixel = rect(x, y, 1, 1);
                    let marked = Side::ALL
                        .iter()
                        .any(|side| shape.side(*side, outer).covers(&pixel));
                    assert_ne!(marked, inner.covers(&pixel), "{x} {y}");
                }
            }
        }
    }

    #[test]
    fn a_border_moves_and_resizes() {
        let grip = |side, at| Shape::Window.grip(side, at, (400, 300));
        assert_eq!(grip(Side::Top, (100.0, 9.0)), Grip::Move);
        assert_eq!(grip(Side::Top, (100.0, 1.0)), Grip::Resize(ResizeEdge::Top));
        assert_eq!(
            grip(Side::Left, (1.0, 295.0)),
            Grip::Resize(ResizeEdge::BottomLeft)
        );
        assert_eq!(
            grip(Side::Right, (1.0, 150.0)),
            Grip::Resize(ResizeEdge::Right)
        );
        assert_eq!(
            grip(Side::Bottom, (399.0, 1.0)),
            Grip::Resize(ResizeEdge::BottomRight)
        );
    }
}
