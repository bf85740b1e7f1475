//! Where a popup goes: the rules of xdg_positioner, on numbers.

use wayland_protocols::xdg::shell::server::xdg_positioner::{
    Anchor, ConstraintAdjustment, Gravity,
};

use super::rect::Rect;

/// What an app says about the place of a popup, in its own units, beside its parent's window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Positioner {
    pub(super) size: (i32, i32),
    pub(super) anchor_rect: Rect,
    pub(super) anchor: Anchor,
    pub(super) gravity: Gravity,
    pub(super) adjust: ConstraintAdjustment,
    pub(super) offset: (i32, i32),
}

impl Default for Positioner {
    fn default() -> Self {
        Self {
            size: (1, 1),
            anchor_rect: Rect::default(),
            anchor: Anchor::None,
            gravity: Gravity::None,
            adjust: ConstraintAdjustment::empty(),
            offset: (0, 0),
        }
    }
}

/// One direction: along it all rules are the same.
#[derive(Debug, Clone, Copy)]
struct Line {
    anchor: (i32, i32),
    /// -1 the beginning, 1 the end, 0 the middle.
    edge: i32,
    gravity: i32,
    offset: i32,
    length: i32,
}

impl Line {
    fn start(self) -> i32 {
        let (at, length) = self.anchor;
        let point = match self.edge {
            -1 => at,
            1 => at + length,
            _ => at + length / 2,
        };
        let back = match self.gravity {
            -1 => self.length,
            1 => 0,
            _ => self.length / 2,
        };
        point + self.offset - back
    }

    fn flipped(self) -> Self {
        Self {
            edge: -self.edge,
            gravity: -self.gravity,
            offset: -self.offset,
            ..self
        }
    }

    /// Where it lies between two bounds, and how long it is then.
    fn placed(self, (low, high): (i32, i32), flip: bool, slide: bool, cut: bool) -> (i32, i32) {
        let fits = |start: i32| start >= low && start + self.length <= high;
        let mut start = self.start();
        if fits(start) || low >= high {
            return (start, self.length);
        }
        if flip && fits(self.flipped().start()) {
            return (self.flipped().start(), self.length);
        }
        if slide {
            // If it is longer than all there is, what it grows from stays to be seen.
            let last = (high - self.length).max(low);
            start = if self.gravity < 0 && self.length > high - low {
                high - self.length
            } else {
                start.clamp(low, last)
            };
        }
        if cut && !fits(start) {
            let (first, end) = (start.max(low), (start + self.length).min(high));
            if end > first {
                return (first, end - first);
            }
        }
        (start, self.length)
    }
}

impl Positioner {
    /// The popup's rectangle beside its parent's window, where `bounds` in the same coordinates is what can be seen.
    pub(super) fn place(&self, bounds: Rect) -> Rect {
        let (ax, ay) = anchor_sides(self.anchor);
        let (gx, gy) = gravity_sides(self.gravity);
        let rect = self.anchor_rect;
        let across = Line {
            anchor: (rect.x, rect.w),
            edge: ax,
            gravity: gx,
            offset: self.offset.0,
            length: self.size.0,
        };
        let down = Line {
            anchor: (rect.y, rect.h),
            edge: ay,
            gravity: gy,
            offset: self.offset.1,
            length: self.size.1,
        };
        let may = |adjustment| self.adjust.contains(adjustment);
        let (x, w) = across.placed(
            (bounds.x, bounds.right()),
            may(ConstraintAdjustment::FlipX),
            may(ConstraintAdjustment::SlideX),
            may(ConstraintAdjustment::ResizeX),
        );
        let (y, h) = down.placed(
            (bounds.y, bounds.bottom()),
            may(ConstraintAdjustment::FlipY),
            may(ConstraintAdjustment::SlideY),
            may(ConstraintAdjustment::ResizeY),
        );
        Rect::new(x, y, w, h)
    }
}

fn anchor_sides(anchor: Anchor) -> (i32, i32) {
    match anchor {
        Anchor::Top => (0, -1),
        Anchor::Bottom => (0, 1),
        Anchor::Left => (-1, 0),
        Anchor::Right => (1, 0),
        Anchor::TopLeft => (-1, -1),
        Anchor::BottomLeft => (-1, 1),
        Anchor::TopRight => (1, -1),
        Anchor::BottomRight => (1, 1),
        _ => (0, 0),
    }
}

fn gravity_sides(gravity: Gravity) -> (i32, i32) {
    match gravity {
        Gravity::Top => (0, -1),
        Gravity::Bottom => (0, 1),
        Gravity::Left => (-1, 0),
        Gravity::Right => (1, 0),
        Gravity::TopLeft => (-1, -1),
        Gravity::BottomLeft => (-1, 1),
        Gravity::TopRight => (1, -1),
        Gravity::BottomRight => (1, 1),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A menu below a button.
    fn menu(adjust: ConstraintAdjustment) -> Positioner {
        Positioner {
            size: (100, 200),
            anchor_rect: Rect::new(10, 20, 30, 10),
            anchor: Anchor::BottomLeft,
            gravity: Gravity::BottomRight,
            adjust,
            offset: (0, 0),
        }
    }

    const ALL: ConstraintAdjustment = ConstraintAdjustment::all();

    #[test]
    fn a_menu_hangs_below_its_button() {
        let place = menu(ALL).place(Rect::new(0, 0, 1000, 1000));
        assert_eq!(place, Rect::new(10, 30, 100, 200));
    }

    #[test]
    fn it_flips_where_there_is_no_room_below() {
        let place = menu(ALL).place(Rect::new(-500, -900, 1000, 1000));
        assert_eq!(place, Rect::new(10, -180, 100, 200));
    }

    #[test]
    fn it_slides_if_flipping_does_not_help_and_is_cut_last() {
        let slides = ConstraintAdjustment::SlideX | ConstraintAdjustment::SlideY;
        let place = menu(slides).place(Rect::new(0, 0, 80, 220));
        assert_eq!(place, Rect::new(0, 20, 100, 200));
        let place = menu(ALL).place(Rect::new(0, 0, 80, 150));
        assert_eq!(place, Rect::new(0, 0, 80, 150));
    }

    #[test]
    fn one_that_may_not_move_stays() {
        let place = menu(ConstraintAdjustment::empty()).place(Rect::new(0, 0, 50, 50));
        assert_eq!(place, Rect::new(10, 30, 100, 200));
    }

    #[test]
    fn a_submenu_opens_to_the_other_side_at_the_edge() {
        let submenu = Positioner {
            size: (100, 50),
            anchor_rect: Rect::new(0, 0, 100, 20),
            anchor: Anchor::TopRight,
            gravity: Gravity::BottomRight,
            adjust: ALL,
            offset: (2, 0),
        };
        let place = submenu.place(Rect::new(-300, -300, 450, 600));
        assert_eq!(place, Rect::new(-102, 0, 100, 50));
    }
}
