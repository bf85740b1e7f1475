//! Where things are: windows on the screen of X, and popups beside the windows that they belong to.

use super::X11;
use crate::bridge::buffers::Rect;

/// How often a window may say that it belongs to another.
const CHAIN: usize = 16;

impl X11 {
    /// The place of a window of that size: the middle of the screen, so that there is room for menus on all sides.
    pub(super) fn placed(&self, (w, h): (i32, i32)) -> Rect {
        let middle = |screen: i32, length: i32| ((screen - length) / 2).max(0);
        Rect {
            x: middle(self.screen.0, w),
            y: middle(self.screen.1, h),
            w,
            h,
        }
    }

    /// Of which of the windows that are shown another is a popup, if of any: the one that it says, else of its client's the one
    /// that was active last, else the one that is.
    pub(super) fn owner_of(&self, window: u32) -> Option<u32> {
        let is_shown = |window: &u32| self.order.contains(window);
        let mut at = window;
        for _ in 0..CHAIN {
            let Some(next) = self
                .windows
                .get(&at)
                .and_then(|window| window.properties.transient.or(window.parent))
            else {
                break;
            };
            if is_shown(&next) {
                return Some(next);
            }
            at = next;
        }
        let mut latest = self.order.iter().rev();
        let of_client = latest.find(|other| self.same_client(window, **other));
        of_client.copied().or(self.active)
    }

    /// The window that another says it is in front of, unless that is, by whatever way, in front of it: a host follows who is in
    /// front of whom until there is nobody, and one that never comes to an end takes all windows of the desktop along.
    pub(super) fn is_before(&self, window: u32) -> Option<u32> {
        let wished = self.windows.get(&window)?.properties.transient?;
        let mut at = Some(wished);
        for _ in 0..CHAIN {
            let Some(next) = at.filter(|next| *next != window) else {
                break;
            };
            at = self.windows.get(&next).and_then(|next| next.before);
        }
        at.is_none().then_some(wished)
    }

    /// A window is shown no longer: the host has what was in front of it in front of what it was in front of.
    pub(super) fn leave_row(&mut self, window: u32) {
        let gone = self.windows.get_mut(&window);
        let before = gone.and_then(|gone| gone.before.take());
        for other in self.windows.values_mut() {
            if other.before == Some(window) {
                other.before = before;
            }
        }
    }

    /// Whether somebody could see it if it were a window: not what is kept out of sight.
    pub(super) fn is_in_sight(&self, rect: Rect) -> bool {
        let (width, height) = self.screen;
        let is_speck = rect.w <= 1 && rect.h <= 1;
        let begins = rect.x < width && rect.y < height;
        let ends =
            i64::from(rect.x) + i64::from(rect.w) > 0 && i64::from(rect.y) + i64::from(rect.h) > 0;
        !is_speck && begins && ends
    }
}

/// The place of a popup as the host wants it said: a point within its window, and how far it is from there.
pub(super) fn anchored(popup: Rect, window: Rect) -> ((i32, i32), (i32, i32)) {
    let axis = |at: i32, from: i32, length: i32| {
        let relative = at.saturating_sub(from);
        let within = relative.clamp(0, (length - 1).max(0));
        (within, relative - within)
    };
    let (x, dx) = axis(popup.x, window.x, window.w);
    let (y, dy) = axis(popup.y, window.y, window.h);
    ((x, y), (dx, dy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_popup_beyond_its_window_is_named_from_within_it() {
        let rect = |x, y, w, h| Rect { x, y, w, h };
        let window = rect(100, 100, 50, 40);
        assert_eq!(anchored(rect(110, 120, 9, 9), window), ((10, 20), (0, 0)));
        assert_eq!(anchored(rect(160, 90, 9, 9), window), ((49, 0), (11, -10)));
        let far = anchored(rect(i32::MAX, i32::MIN, 9, 9), window);
        assert_eq!(far.0, (49, 0));
    }
}
