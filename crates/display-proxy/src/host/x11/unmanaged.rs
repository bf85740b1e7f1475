//! Where nobody manages windows: as much of it as keeps an app's windows usable.
//!
//! A window manager may come, go or be killed at any time. What it last said of itself stays on the root window then; it is
//! there as long as the window that it made for this is.
//! <https://specifications.freedesktop.org/wm-spec/1.5/ar01s03.html>, `_NET_SUPPORTING_WM_CHECK`

use wayland_server::backend::ObjectId;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, EventMask,
    InputFocus, PropMode, StackMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::State;
use super::rect::Rect;
use super::screen::{Screen, short, side};
use super::windows::Window;

/// The directions of `_NET_WM_MOVERESIZE` that move an edge; the others move the window.
const LEFT: [u32; 3] = [0, 6, 7];
const RIGHT: [u32; 3] = [2, 3, 4];
const TOP: [u32; 3] = [0, 1, 2];
const BOTTOM: [u32; 3] = [4, 5, 6];

/// A window that the user drags by its frame.
#[derive(Debug)]
pub(super) struct Drag {
    window: ObjectId,
    direction: u32,
    /// Where the pointer was and what the window was like when it began.
    from: (i32, i32),
    rect: Rect,
}

impl Drag {
    /// What the window is like with the pointer there. Its size stays within limits, by the edge that is dragged.
    fn rect_at(&self, to: (i32, i32), min: (i32, i32), max: (i32, i32)) -> Rect {
        let (x, y) = (to.0 - self.from.0, to.1 - self.from.1);
        let edges = |low: [u32; 3], high: [u32; 3]| {
            (
                low.contains(&self.direction),
                high.contains(&self.direction),
            )
        };
        let (left, right) = edges(LEFT, RIGHT);
        let (top, bottom) = edges(TOP, BOTTOM);
        if !(left || right || top || bottom) {
            return self.rect.moved(x, y);
        }
        let (x, w) = dragged((self.rect.x, self.rect.w), (left, right), x, (min.0, max.0));
        let (y, h) = dragged((self.rect.y, self.rect.h), (top, bottom), y, (min.1, max.1));
        Rect::new(x, y, w, h)
    }
}

/// Where a side begins and how long it is, when one of its ends was dragged.
fn dragged(
    (at, length): (i32, i32),
    (start, end): (bool, bool),
    by: i32,
    (min, max): (i32, i32),
) -> (i32, i32) {
    let max = if max > 0 { max } else { i32::from(i16::MAX) };
    let fits = |n: i32| n.min(max).max(min).max(1);
    match (start, end) {
        (true, _) => {
            let now = fits(length.saturating_sub(by));
            (at + length - now, now)
        }
        (_, true) => (at, fits(length.saturating_add(by))),
        _ => (at, length),
    }
}

/// The window by which a window manager is known, if there is one. When that is destroyed we are told.
pub(super) fn manager(screen: &Screen) -> Option<u32> {
    let name = screen.atoms._NET_SUPPORTING_WM_CHECK;
    let said = screen.root_numbers(name).first().copied()?;
    let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    // Before it is asked for, so that it does not go in between unheard.
    let _ = screen.conn.change_window_attributes(said, &watch);
    (screen.numbers(said, name) == [said]).then_some(said)
}

impl State {
    /// Whether somebody manages windows.
    pub(super) fn is_managed(&self) -> bool {
        self.manager.is_some()
    }

    /// A window manager has come or gone, or has changed what it says of itself.
    pub(super) fn manager_changed(&mut self) {
        let was = self.is_managed();
        self.manager = manager(&self.screen);
        if was == self.is_managed() {
            return;
        }
        self.dragged = None;
        let windows: Vec<ObjectId> = self.shells.keys().cloned().collect();
        for id in windows {
            // Whoever has the frame drawn by the window manager has to draw it, or no longer.
            self.decorate_again(&id);
            if let Some(toplevel) = self.toplevel_mut(&id) {
                toplevel.restored = None;
            }
            self.refresh_origin(&id);
        }
    }

    /// A new window: over the one that it belongs to, with the keyboard.
    pub(super) fn place_unmanaged(&mut self, id: &ObjectId) {
        let Some((xid, size)) = self.window(id).map(|window| (window.id, window.size)) else {
            return;
        };
        if let Some(over) = self.parent_window(id).map(Window::place) {
            let area = self.monitors.area_of(over);
            let middle = |start: i32, length: i32, own: i32, low: i32, high: i32| {
                (start + (length - own) / 2).min(high - own).max(low)
            };
            let x = middle(over.x, over.w, size.0, area.x, area.right());
            let y = middle(over.y, over.h, size.1, area.y, area.bottom());
            self.configure_unmanaged(xid, Rect::new(x, y, size.0, size.1));
        }
        let toplevel = self.toplevel(id);
        if toplevel.is_some_and(|it| it.shown.fullscreen || it.shown.maximized) {
            self.fill_unmanaged(id);
        }
        self.raise_and_focus(xid);
    }

    /// A window is gone: who had it in front has the keyboard again, if that was there.
    pub(super) fn focus_goes_back(&self, id: &ObjectId) {
        if self.is_managed() || !self.seat.keyboard.has(id) {
            return;
        }
        if let Some(window) = self.parent_window(id) {
            self.raise_and_focus(window.id);
        }
    }

    /// The window that this one belongs to.
    fn parent_window(&self, id: &ObjectId) -> Option<&Window> {
        self.window(self.toplevel(id)?.parent.as_ref()?)
    }

    fn configure_unmanaged(&self, window: u32, rect: Rect) {
        let aux = ConfigureWindowAux::new()
            .x(i32::from(short(rect.x)))
            .y(i32::from(short(rect.y)))
            .width(u32::from(side(rect.w)))
            .height(u32::from(side(rect.h)));
        let _ = self.screen.conn.configure_window(window, &aux);
    }

    pub(super) fn raise_and_focus(&self, window: u32) {
        let conn = &self.screen.conn;
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        let _ = conn.configure_window(window, &above);
        let _ = conn.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME);
    }

    /// Gives a window the size that its states ask for, and says them where a window manager says them.
    pub(super) fn fill_unmanaged(&mut self, id: &ObjectId) {
        let Some(window) = self.window(id) else {
            return;
        };
        let (xid, now) = (window.id, window.place());
        let (area, whole) = (self.monitors.area_of(now), self.monitors.whole_of(now));
        let atoms = self.screen.atoms;
        let Some(toplevel) = self.toplevel_mut(id) else {
            return;
        };
        let shown = toplevel.shown;
        let rect = match (shown.fullscreen, shown.maximized) {
            (true, _) => whole,
            (false, true) => area,
            _ => toplevel.restored.take().unwrap_or(now),
        };
        if shown.fullscreen || shown.maximized {
            toplevel.restored.get_or_insert(now);
        }
        let states = [
            (shown.fullscreen, atoms._NET_WM_STATE_FULLSCREEN),
            (shown.maximized, atoms._NET_WM_STATE_MAXIMIZED_VERT),
            (shown.maximized, atoms._NET_WM_STATE_MAXIMIZED_HORZ),
        ];
        let states: Vec<u32> = states
            .into_iter()
            .filter_map(|(is, atom)| is.then_some(atom))
            .collect();
        let conn = &self.screen.conn;
        let name = atoms._NET_WM_STATE;
        let _ = conn.change_property32(PropMode::REPLACE, xid, name, AtomEnum::ATOM, &states);
        self.configure_unmanaged(xid, rect);
    }

    /// The user begins to drag a window by its frame; the button is still down, so the pointer is ours.
    pub(super) fn drag_unmanaged(&mut self, id: &ObjectId, direction: u32) {
        self.refresh_origin(id);
        let Some(window) = self.window(id) else {
            return;
        };
        let rect = window.place();
        if let Some(from) = self.take_pointer() {
            self.dragged = Some(Drag {
                window: id.clone(),
                direction,
                from,
                rect,
            });
        }
    }

    /// The pointer is there. False if no window is dragged.
    pub(super) fn drag_goes_on(&mut self, to: (i32, i32)) -> bool {
        let Some(drag) = &self.dragged else {
            return false;
        };
        let (Some(window), Some(surface)) =
            (self.window(&drag.window), self.surfaces.get(&drag.window))
        else {
            self.dragged = None;
            return false;
        };
        let scale = self.screen.scale;
        let pixels = |(w, h): (i32, i32)| (w.saturating_mul(scale), h.saturating_mul(scale));
        let rect = drag.rect_at(to, pixels(surface.min), pixels(surface.max));
        self.configure_unmanaged(window.id, rect);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_that_is_dragged_moves_and_the_others_stay() {
        assert_eq!(dragged((100, 50), (true, false), 10, (0, 0)), (110, 40));
        assert_eq!(dragged((100, 50), (false, true), 10, (0, 0)), (100, 60));
        assert_eq!(dragged((100, 50), (false, false), 10, (0, 0)), (100, 50));
        // No further than the limits, which a hostile app may have the wrong way round.
        assert_eq!(dragged((100, 50), (true, false), 90, (20, 0)), (130, 20));
        assert_eq!(dragged((100, 50), (false, true), 90, (0, 60)), (100, 60));
        assert_eq!(dragged((100, 50), (false, true), 90, (70, 60)), (100, 70));
        assert_eq!(dragged((100, 50), (false, true), -90, (0, 0)), (100, 1));
    }
}
