//! Input devices: every seat, pointer, keyboard and touch of the app has its own of the host, so
//! the host's own bookkeeping (who gets which event, what a late pointer must be told, which
//! version knows what) holds for the app without a second one here.
//!
//! smithay's seat is not used: it would compile the keymap once more, drop the host's modifiers
//! and keep a second idea of the focus. Nothing of smithay that asks for its seat may be offered
//! beside this one (text input, tablet, input method): it would panic.

use smithay::wayland::compositor::give_role;
use tracing::debug;
use wayland_client::protocol::wl_keyboard::WlKeyboard as HostKeyboard;
use wayland_client::protocol::wl_pointer::WlPointer as HostPointer;
use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_client::protocol::wl_touch::WlTouch as HostTouch;
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_keyboard::{self, WlKeyboard};
use wayland_server::protocol::wl_pointer::{self, WlPointer};
use wayland_server::protocol::wl_seat::{self, WlSeat};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::protocol::wl_touch::{self, WlTouch};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::mirror::Mirror;
use crate::bridge::surfaces::{CURSOR_ROLE, Role};
use crate::bridge::toplevels::at_least;
use crate::host::wayland::seat::SeatOf;
use crate::peer::{Peer, host_of, link};
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<WlSeat, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlSeat>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let seat = data_init.init(resource, Peer::<HostSeat>::default());
        session.take(Kind::Object, &seat);
        // An X server counts the seats that have said what they are, each once, and waits for the rest.
        let described = session.x11.is_none();
        if described {
            session.known.describe_seat(mirror.name, &seat);
        }
        if let Some(x11) = &mut session.x11 {
            x11.seat = Some(seat.clone());
        }
        let (name, version) = (mirror.name, seat.version());
        link::<_, HostSeat>(session, &seat, move |session, of| {
            let known = session.known.seats.get(&name).copied();
            let of = SeatOf::new(of.clone(), known.filter(|_| described));
            Some(session.bind(name, version, of))
        });
        session.join_x11_selections();
    }
}

impl Dispatch<WlSeat, Peer<HostSeat>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        seat: &WlSeat,
        request: wl_seat::Request,
        data: &Peer<HostSeat>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(seat);
        let Some(host) = data.get() else { return };
        match request {
            wl_seat::Request::GetPointer { id } => {
                let pointer = data_init.init(id, Peer::<HostPointer>::default());
                session.take(Kind::Object, &pointer);
                let on = seat.clone();
                link(session, &pointer, move |session, of| {
                    let seat = host_of::<HostSeat>(&on)?;
                    Some(seat.get_pointer(&session.qh, of.clone()))
                });
                session.device_made(pointer.id(), seat);
            }
            wl_seat::Request::GetKeyboard { id } => {
                let keyboard = data_init.init(id, Peer::<HostKeyboard>::default());
                session.take(Kind::Object, &keyboard);
                let on = seat.clone();
                link(session, &keyboard, move |session, of| {
                    let seat = host_of::<HostSeat>(&on)?;
                    Some(seat.get_keyboard(&session.qh, of.clone()))
                });
                session.expect_answer();
            }
            wl_seat::Request::GetTouch { id } => {
                let touch = data_init.init(id, Peer::<HostTouch>::default());
                session.take(Kind::Object, &touch);
                let on = seat.clone();
                link(session, &touch, move |session, of| {
                    let seat = host_of::<HostSeat>(&on)?;
                    Some(seat.get_touch(&session.qh, of.clone()))
                });
                session.device_made(touch.id(), seat);
            }
            wl_seat::Request::Release if at_least(&host, 5) => host.release(),
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, _seat: &WlSeat, data: &Peer<HostSeat>) {
        data.take();
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WlPointer, Peer<HostPointer>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        pointer: &WlPointer,
        request: wl_pointer::Request,
        data: &Peer<HostPointer>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(pointer);
        let Some(host) = data.get() else { return };
        match request {
            wl_pointer::Request::SetCursor {
                serial,
                surface: None,
                ..
            } => host.set_cursor(serial, None, 0, 0),
            wl_pointer::Request::SetCursor {
                serial,
                surface: Some(surface),
                hotspot_x,
                hotspot_y,
            } => {
                session.set_cursor(pointer, serial, &surface, (hotspot_x, hotspot_y));
            }
            wl_pointer::Request::Release if at_least(&host, 3) => host.release(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        pointer: &WlPointer,
        data: &Peer<HostPointer>,
    ) {
        data.take();
        session.device_gone(&pointer.id());
        session.quota.give(Kind::Object);
    }
}

impl Session {
    fn set_cursor(
        &mut self,
        pointer: &WlPointer,
        serial: u32,
        surface: &WlSurface,
        hotspot: (i32, i32),
    ) {
        if give_role(surface, CURSOR_ROLE).is_err() {
            pointer.post_error(
                wl_pointer::Error::Role,
                "the surface already has another role",
            );
            self.end("used a surface of another role as a cursor");
            return;
        }
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        link.role = Role::Cursor;
        if link.exceeds(policy::CURSOR_MAX) {
            self.offend(surface, "the cursor image is too large");
            return;
        }
        let side = |at: i32| self.density.down(at.clamp(0, policy::CURSOR_MAX));
        if let Some(host) = host_of::<HostPointer>(pointer) {
            host.set_cursor(serial, Some(&link.host), side(hotspot.0), side(hotspot.1));
        } else {
            debug!("a pointer without its counterpart");
        }
    }
}

impl Dispatch<WlKeyboard, Peer<HostKeyboard>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        keyboard: &WlKeyboard,
        _request: wl_keyboard::Request,
        data: &Peer<HostKeyboard>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(keyboard);
        // Release is the only request.
        if let Some(host) = data.get().filter(|host| at_least(host, 3)) {
            host.release();
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _keyboard: &WlKeyboard,
        data: &Peer<HostKeyboard>,
    ) {
        data.take();
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WlTouch, Peer<HostTouch>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        touch: &WlTouch,
        _request: wl_touch::Request,
        data: &Peer<HostTouch>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(touch);
        // Release is the only request.
        if let Some(host) = data.get().filter(|host| at_least(host, 3)) {
            host.release();
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, touch: &WlTouch, data: &Peer<HostTouch>) {
        data.take();
        session.device_gone(&touch.id());
        session.quota.give(Kind::Object);
    }
}
