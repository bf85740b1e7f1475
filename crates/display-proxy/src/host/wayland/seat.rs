//! Input from the host. It goes to the app's object that the host's stands for; surfaces are
//! translated, serials pass as they are.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::time::ClockId;
use tracing::warn;
use wayland_client::protocol::wl_keyboard::{self, WlKeyboard as HostKeyboard};
use wayland_client::protocol::wl_pointer::{self, WlPointer as HostPointer};
use wayland_client::protocol::wl_seat::{self, WlSeat as HostSeat};
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_client::protocol::wl_touch::{self, WlTouch as HostTouch};
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle, WEnum};
use wayland_server::Resource;
use wayland_server::protocol::wl_keyboard::{Event as AppEvent, WlKeyboard};
use wayland_server::protocol::wl_pointer::WlPointer;
use wayland_server::protocol::wl_seat::{Capability, WlSeat};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::protocol::wl_touch::WlTouch;

use crate::fds;
use crate::peer::same;
use crate::session::Session;

/// Keymaps are some 60 KB.
const KEYMAP_MAX: u32 = 4 << 20;

/// The app's surface for one of the host's, unless it is gone.
pub(crate) fn app_surface(host: &HostSurface) -> Option<WlSurface> {
    host.data::<WlSurface>()
        .filter(|surface| surface.is_alive())
        .cloned()
}

/// Milliseconds of the clock that events of input are told by.
pub(crate) fn now() -> u32 {
    let now = rustix::time::clock_gettime(ClockId::Monotonic);
    let milliseconds = now.tv_sec.wrapping_mul(1000) + now.tv_nsec / 1_000_000;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of the protocol start over"
    )]
    let wrapped = milliseconds as u32;
    wrapped
}

/// The app's seat that one of the host's stands for.
#[derive(Debug)]
pub(crate) struct SeatOf {
    app: WlSeat,
    /// What the app was told that the seat has; all bits if nothing. It is not told again: an app that takes its pointer
    /// anew whenever it hears of one would have two.
    told: AtomicU32,
}

impl SeatOf {
    pub(crate) fn new(app: WlSeat, told: Option<u32>) -> Self {
        Self {
            app,
            told: AtomicU32::new(told.unwrap_or(u32::MAX)),
        }
    }
}

impl Dispatch<HostSeat, SeatOf> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostSeat,
        event: wl_seat::Event,
        seat: &SeatOf,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_seat::Event::Capabilities { capabilities } = event {
            let capabilities = capabilities.into();
            if seat.told.swap(capabilities, Ordering::Relaxed) != capabilities {
                let capabilities = Capability::from_bits_truncate(capabilities);
                seat.app.capabilities(capabilities);
            }
        }
    }
}

impl Dispatch<HostPointer, WlPointer> for Session {
    fn event(
        session: &mut Self,
        host: &HostPointer,
        event: wl_pointer::Event,
        pointer: &WlPointer,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_pointer::Event;
        if session.pointer_on_border(host, pointer, &event) {
            return;
        }
        match event {
            Event::Enter {
                serial,
                surface,
                surface_x,
                surface_y,
            } => {
                if let Some(surface) = app_surface(&surface) {
                    let (x, y) = session.to_app(&surface, (surface_x, surface_y));
                    session.x11_pointer_enters(pointer, &surface, (x, y));
                    session.grips.on(pointer, session.shift(&surface));
                    session.places.pointers.enter(pointer, &surface);
                    pointer.enter(serial, &surface, x, y);
                    if session.x11.is_some() {
                        // An X server whose pointer has left a window takes it to be in a corner of the screen when it comes
                        // back, until it moves: what is clicked before that would go nowhere.
                        pointer.motion(now(), x, y);
                    }
                }
            }
            Event::Leave { serial, surface } => {
                session.places.pointers.leave(pointer);
                if session.x11_pointer_leaves() {
                    return;
                }
                if let Some(surface) = app_surface(&surface) {
                    pointer.leave(serial, &surface);
                }
            }
            Event::Motion {
                time,
                surface_x,
                surface_y,
            } => {
                let at = session.grips.place(pointer, (surface_x, surface_y));
                let (x, y) = session.density.up_at(at);
                session.x11_pointer_moves((x, y));
                pointer.motion(time, x, y);
            }
            Event::Button {
                serial,
                time,
                button,
                state,
            } => {
                session.acted(serial);
                if let Some(state) = same(state) {
                    session.x11_pointer_presses(serial, button, state);
                    pointer.button(serial, time, button, state);
                }
            }
            Event::Axis { time, axis, value } => {
                if let Some(axis) = same(axis) {
                    pointer.axis(time, axis, value);
                }
            }
            Event::Frame => pointer.frame(),
            Event::AxisSource { axis_source } => {
                if let Some(source) = same(axis_source) {
                    pointer.axis_source(source);
                }
            }
            Event::AxisStop { time, axis } => {
                if let Some(axis) = same(axis) {
                    pointer.axis_stop(time, axis);
                }
            }
            Event::AxisDiscrete { axis, discrete } => {
                if let Some(axis) = same(axis) {
                    pointer.axis_discrete(axis, discrete);
                }
            }
            Event::AxisValue120 { axis, value120 } => {
                if let Some(axis) = same(axis) {
                    pointer.axis_value120(axis, value120);
                }
            }
            Event::AxisRelativeDirection { axis, direction } => {
                if let (Some(axis), Some(direction)) = (same(axis), same(direction)) {
                    pointer.axis_relative_direction(axis, direction);
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<HostKeyboard, WlKeyboard> for Session {
    fn event(
        session: &mut Self,
        _host: &HostKeyboard,
        event: wl_keyboard::Event,
        keyboard: &WlKeyboard,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_keyboard::Event;
        match event {
            Event::Keymap { format, fd, size } => {
                let Some(format) = same(format) else { return };
                if size > KEYMAP_MAX {
                    warn!(size, "the host's keymap is too large");
                    return;
                }
                // A copy: the host may share its descriptor with all its clients.
                match fds::sealed_copy(fd.as_fd(), size as usize) {
                    Ok(copy) => keyboard.keymap(format, copy.as_fd(), size),
                    Err(error) => warn!(%error, "the host's keymap cannot be copied"),
                }
            }
            Event::Enter {
                serial,
                surface,
                keys,
            } => {
                session.input.keyboard_entered();
                if let Some(surface) = app_surface(&surface) {
                    session.x11_has_keyboard(&surface);
                    session.places.keyboards.enter(keyboard, &surface);
                    keyboard.enter(serial, &surface, keys);
                }
            }
            Event::Leave { serial, surface } => {
                if session.places.keyboards.leave(keyboard) {
                    session.lose_keyboard();
                }
                if let Some(surface) = app_surface(&surface) {
                    keyboard.leave(serial, &surface);
                }
            }
            Event::Key {
                serial,
                time,
                key,
                state,
            } => {
                if state == WEnum::Value(wl_keyboard::KeyState::Pressed)
                    || !session.input.knows(serial)
                {
                    session.acted(serial);
                }
                if let Some(state) = same(state) {
                    let event = AppEvent::Key {
                        serial,
                        time,
                        key,
                        state,
                    };
                    session.tell_key(keyboard, event);
                }
            }
            Event::Modifiers {
                serial,
                mods_depressed,
                mods_latched,
                mods_locked,
                group,
            } => {
                let event = AppEvent::Modifiers {
                    serial,
                    mods_depressed,
                    mods_latched,
                    mods_locked,
                    group,
                };
                session.tell_key(keyboard, event);
            }
            Event::RepeatInfo { rate, delay } if keyboard.version() >= 4 => {
                keyboard.repeat_info(rate, delay)
            }
            _ => {}
        }
    }
}

impl Dispatch<HostTouch, WlTouch> for Session {
    fn event(
        session: &mut Self,
        _host: &HostTouch,
        event: wl_touch::Event,
        touch: &WlTouch,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_touch::Event;
        match event {
            Event::Down {
                serial,
                time,
                surface,
                id,
                x,
                y,
            } => {
                if session.touched_border(touch, &surface, serial, id, (x, y)) {
                    return;
                }
                session.acted(serial);
                if let Some(surface) = app_surface(&surface) {
                    let (x, y) = session.to_app(&surface, (x, y));
                    let shift = session.shift(&surface);
                    session.grips.touches_at(touch, id, shift);
                    session.places.touched(touch);
                    touch.down(serial, time, &surface, id, x, y);
                }
            }
            Event::Up { serial, time, id } => {
                if session.is_border_touch(touch, id, true) {
                    return;
                }
                session.acted(serial);
                touch.up(serial, time, id);
            }
            Event::Motion { id, .. } | Event::Shape { id, .. } | Event::Orientation { id, .. }
                if session.is_border_touch(touch, id, false) => {}
            Event::Motion { time, id, x, y } => {
                let at = session.grips.touch_place(touch, id, (x, y));
                let (x, y) = session.density.up_at(at);
                touch.motion(time, id, x, y);
            }
            Event::Frame => touch.frame(),
            Event::Cancel => {
                session.grips.forget_touches(&touch.id());
                touch.cancel();
            }
            Event::Shape { id, major, minor } => touch.shape(id, major, minor),
            Event::Orientation { id, orientation } => touch.orientation(id, orientation),
            _ => {}
        }
    }
}
