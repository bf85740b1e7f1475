//! When an app may draw its next frame: when the server says that one is over, and only while somebody waits for it.

use std::time::{Duration, Instant};

use rustix::time::ClockId;
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::Kind;
use wayland_server::backend::ObjectId;
use x11rb::protocol::present::{CompleteNotifyEvent, ConnectionExt as _};

use super::State;
use super::surfaces::layers;
use super::windows::Window;

/// One frame, where the server does not say when it is over.
const FRAME: Duration = Duration::from_millis(16);

/// A moment at which something was seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Microseconds of the monotonic clock.
    time: u64,
    /// The number of the frame, if frames have any.
    frame: Option<u64>,
}

impl State {
    /// If somebody waits for the end of a frame of this window, it is asked for.
    pub(super) fn wants_frame(&mut self, root: &ObjectId) {
        let asks = |window: &Window| !window.asked_frame && window.viewable;
        if !self.window(root).is_some_and(asks) || !self.waits(root) {
            return;
        }
        let present = self.screen.present;
        let Some(window) = self.window_mut(root) else {
            return;
        };
        window.asked_frame = true;
        let xid = window.id;
        if present {
            let _ = self.screen.conn.present_notify_msc(xid, 0, 0, 1, 0);
        } else {
            self.next_frame
                .get_or_insert_with(|| Instant::now() + FRAME);
        }
    }

    fn waits(&self, root: &ObjectId) -> bool {
        self.framed(root).iter().any(|id| {
            self.surfaces
                .get(id)
                .is_some_and(|it| !it.callbacks.is_empty() || !it.feedback.is_empty())
        })
    }

    /// The surfaces whose frames are those of a window: what lies on it, and what is at the pointer over it, which has no window
    /// of its own.
    fn framed(&self, root: &ObjectId) -> Vec<ObjectId> {
        let layers = layers(&self.surfaces, root).into_iter();
        let over = self.seat.pointer.focus.as_ref();
        let over = over.is_some_and(|(_, under)| under == root);
        let cursor = self.seat.cursor_surface().filter(|_| over);
        layers.map(|layer| layer.id).chain(cursor).collect()
    }

    /// The server says that a frame is over.
    pub(super) fn frame_over(&mut self, event: &CompleteNotifyEvent) {
        if let Some(id) = self.surface_of(event.window) {
            let seen = Seen {
                time: event.ust,
                frame: Some(event.msc),
            };
            self.answer_frame(&id, seen);
        }
    }

    /// When the next frame is over, where that is only known by the clock.
    pub(super) fn frame_deadline(&self) -> Option<Instant> {
        self.next_frame
    }

    /// Looks at the clock.
    pub(super) fn frame_by_clock(&mut self) {
        if self.next_frame.is_none_or(|next| next > Instant::now()) {
            return;
        }
        self.next_frame = None;
        let now = rustix::time::clock_gettime(ClockId::Monotonic);
        let time = u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000
            + u64::try_from(now.tv_nsec / 1000).unwrap_or(0);
        let asked: Vec<_> = self
            .shells
            .iter()
            .filter(|(_, shell)| shell.window.as_ref().is_some_and(|w| w.asked_frame))
            .map(|(id, _)| id.clone())
            .collect();
        for id in asked {
            self.answer_frame(&id, Seen { time, frame: None });
        }
    }

    fn answer_frame(&mut self, root: &ObjectId, seen: Seen) {
        if let Some(window) = self.window_mut(root) {
            window.asked_frame = false;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds of the protocol start over"
        )]
        let milliseconds = (seen.time / 1000) as u32;
        for id in self.framed(root) {
            let Some(surface) = self.surfaces.get_mut(&id) else {
                continue;
            };
            for callback in surface.callbacks.drain(..) {
                callback.done(milliseconds);
            }
            for feedback in surface.feedback.drain(..) {
                let (seconds, rest) = (seen.time / 1_000_000, seen.time % 1_000_000);
                let nanoseconds = u32::try_from(rest * 1000).unwrap_or(0);
                let frame = seen.frame.unwrap_or(0);
                let halves = |n: u64| {
                    let low = u32::try_from(n & u64::from(u32::MAX)).unwrap_or(0);
                    (u32::try_from(n >> 32).unwrap_or(0), low)
                };
                let (sec_high, sec_low) = halves(seconds);
                let (frame_high, frame_low) = halves(frame);
                let kind = match seen.frame {
                    Some(_) => Kind::Vsync,
                    None => Kind::empty(),
                };
                feedback.presented(
                    sec_high,
                    sec_low,
                    nanoseconds,
                    self.monitors.refresh,
                    frame_high,
                    frame_low,
                    kind,
                );
            }
        }
    }
}
