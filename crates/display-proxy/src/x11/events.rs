//! What happens on the X server.

use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_protocols::xdg::shell::client::xdg_toplevel::ResizeEdge;
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::Event;
use x11rb_protocol::protocol::xproto::{
    ClientMessageEvent, ConfigWindow, ConfigureRequestEvent, MapWindowRequest,
};
use x11rb_protocol::x11_utils::{ExtInfoProvider, ExtensionInformation};

use super::properties::Property;
use crate::bridge::buffers::Rect;
use crate::peer::host_of;
use crate::policy;
use crate::session::Session;

/// One extension has events here.
struct Known(Option<ExtensionInformation>);

impl ExtInfoProvider for Known {
    fn get_from_major_opcode(&self, _: u8) -> Option<(&str, ExtensionInformation)> {
        None
    }
    fn get_from_event_code(&self, code: u8) -> Option<(&str, ExtensionInformation)> {
        let xfixes = self.0.filter(|xfixes| xfixes.first_event <= code)?;
        Some(("XFIXES", xfixes))
    }
    fn get_from_error_code(&self, _: u8) -> Option<(&str, ExtensionInformation)> {
        None
    }
}

/// Whether a client has sent it, who can send all that the server can.
fn is_sent(bytes: &[u8]) -> bool {
    const SENT: u8 = 0x80;
    bytes.first().is_some_and(|kind| kind & SENT != 0)
}

fn rect(x: i16, y: i16, width: u16, height: u16) -> Rect {
    Rect {
        x: x.into(),
        y: y.into(),
        w: width.into(),
        h: height.into(),
    }
}

impl Session {
    pub(super) fn x11_event(&mut self, bytes: &[u8]) {
        let Some(x11) = &mut self.x11 else { return };
        let Ok(event) = Event::parse(bytes, &Known(x11.xfixes)) else {
            return;
        };
        let sent = is_sent(bytes);
        if self.x11_selection_event(&event, sent) {
            return;
        }
        // What clients tell by right: messages, and that they withdraw a window (ICCCM 4.1.4).
        if sent && !matches!(event, Event::ClientMessage(_) | Event::UnmapNotify(_)) {
            return;
        }
        let Some(x11) = &mut self.x11 else { return };
        match event {
            Event::CreateNotify(event) if event.parent == x11.root => {
                let rect = rect(event.x, event.y, event.width, event.height);
                x11.created(event.window, event.override_redirect, rect);
            }
            Event::ReparentNotify(event) if event.parent == x11.root => {
                let rect = rect(event.x, event.y, 1, 1);
                x11.created(event.window, event.override_redirect, rect);
            }
            Event::ReparentNotify(event) => self.x11_gone(event.window),
            Event::DestroyNotify(event) => self.x11_gone(event.window),
            Event::MapRequest(event) => self.x11_wants_map(event.window),
            Event::MapNotify(event) if event.window == x11.drag_window() => {
                self.x11_drag_window_shown();
            }
            Event::MapNotify(event) => self.x11_mapped(event.window, event.override_redirect),
            Event::UnmapNotify(event) => self.x11_unmapped(event.window),
            Event::ConfigureRequest(event) => self.x11_configures(&event),
            Event::ConfigureNotify(event) if event.window == x11.root => {
                x11.screen = (event.width.into(), event.height.into());
                x11.say_screen();
            }
            Event::ConfigureNotify(event) => {
                let rect = rect(event.x, event.y, event.width, event.height);
                self.x11_moved(event.window, event.override_redirect, rect);
            }
            Event::PropertyNotify(event) => {
                let property = Property::named(event.atom, &x11.atoms);
                let known = x11.windows.get(&event.window);
                if let (Some(property), Some(known)) = (property, known)
                    && known.mapped
                    // While it is mapped what it says there is what we say.
                    && property != Property::State
                {
                    x11.ask_property(event.window, property);
                }
            }
            Event::ClientMessage(event) if event.format == 32 => self.x11_told(&event, sent),
            _ => {}
        }
    }

    /// A window that is managed is to be shown.
    fn x11_wants_map(&mut self, window: u32) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get(&window) else {
            return;
        };
        let placed = x11.placed((known.rect.w, known.rect.h));
        x11.ask_properties(window);
        x11.configure(window, placed);
        let state = x11.atoms.wm_state;
        const NORMAL: u32 = 1;
        x11.set_words(window, state, state, &[NORMAL, 0]);
        x11.say_frame(window);
        x11.wire.send(MapWindowRequest { window });
    }

    fn x11_mapped(&mut self, window: u32, is_own_master: bool) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get_mut(&window) else {
            return;
        };
        known.is_own_master = is_own_master;
        known.mapped = true;
        if is_own_master {
            x11.ask_properties(window);
        }
        self.x11_show(window);
    }

    fn x11_unmapped(&mut self, window: u32) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get_mut(&window) else {
            return;
        };
        known.mapped = false;
        let surface = known.surface.clone();
        if !known.is_own_master {
            let state = x11.atoms.wm_state;
            x11.set_words(window, state, state, &[0, 0]);
        }
        // The server takes its surface away too; the window goes at once.
        if let Some(surface) = surface {
            self.x11_surface_gone(&surface);
            self.strip_role(&surface);
        }
    }

    fn x11_gone(&mut self, window: u32) {
        self.x11_unmapped(window);
        self.x11_drag_window_gone(window);
        if let Some(x11) = &mut self.x11 {
            x11.windows.remove(&window);
        }
    }

    /// A window asks for another size by the server.
    fn x11_configures(&mut self, event: &ConfigureRequestEvent) {
        let wants = |what: ConfigWindow| event.value_mask.contains(what);
        let width = wants(ConfigWindow::WIDTH).then_some(event.width.into());
        let height = wants(ConfigWindow::HEIGHT).then_some(event.height.into());
        self.x11_wants_size(event.window, (width, height));
    }

    /// The same by a message (`_NET_MOVERESIZE_WINDOW`).
    fn x11_moves_and_resizes(&mut self, window: u32, data: [u32; 5]) {
        const WIDTH: u32 = 1 << 10;
        const HEIGHT: u32 = 1 << 11;
        let side = |flag: u32, length: u32| {
            let length = i32::try_from(length).unwrap_or(policy::SIDE_MAX);
            (data[0] & flag != 0).then_some(length.clamp(1, policy::SIDE_MAX))
        };
        self.x11_wants_size(window, (side(WIDTH, data[3]), side(HEIGHT, data[4])));
    }

    /// A window wants another size. Its place is the host's to say, and with it what its gravity would decide: without a frame
    /// within the server the corner that a gravity names is the window's own.
    fn x11_wants_size(&mut self, window: u32, (width, height): (Option<i32>, Option<i32>)) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get(&window) else {
            return;
        };
        let now = (known.rect.w, known.rect.h);
        let size = (width.unwrap_or(now.0), height.unwrap_or(now.1));
        let is_bound = known.mapped && known.states.is_bound();
        if is_bound || size == now {
            x11.say_unchanged(window);
        } else {
            let rect = x11.placed(size);
            x11.configure(window, rect);
            self.x11_describe(window);
        }
    }

    /// A window has moved: one of those that manage themselves, or as was asked.
    fn x11_moved(&mut self, window: u32, is_own_master: bool, rect: Rect) {
        let Some(x11) = &mut self.x11 else { return };
        let Some(known) = x11.windows.get_mut(&window) else {
            return;
        };
        known.is_own_master = is_own_master;
        if is_own_master {
            known.rect = rect;
            // Not one that was shown and is no longer: its surface at the host has a role, and cannot get another.
            if known.hidden {
                self.x11_show(window);
            }
        }
    }

    /// The answer to a question for a property.
    pub(super) fn x11_property(&mut self, window: u32, property: Property, answer: Option<&[u8]>) {
        let Some(x11) = &mut self.x11 else { return };
        let atoms = x11.atoms;
        let Some(known) = x11.windows.get_mut(&window) else {
            return;
        };
        let was_urgent = known.properties.urgent;
        known.properties.set(property, answer, &atoms);
        let is_urgent = known.properties.urgent && !was_urgent;
        if known.unanswered > 0 {
            known.unanswered -= 1;
            if known.unanswered == 0 {
                self.x11_show(window);
            }
            return;
        }
        match property {
            Property::Icon => self.x11_icon(window),
            _ => self.x11_describe(window),
        }
        if is_urgent {
            self.x11_wants_attention(window);
        }
    }

    /// Somebody asks the window manager for something.
    fn x11_told(&mut self, event: &ClientMessageEvent, sent: bool) {
        let Some(x11) = &mut self.x11 else { return };
        let (atoms, data) = (x11.atoms, event.data.as_data32());
        let kind = event.type_;
        if event.window == x11.drag_window() {
            self.x11_drag_told(kind, data);
        } else if kind == atoms.wl_surface_id {
            // The server's to say alone.
            if !sent {
                self.x11_is_surface(event.window, data[0]);
            }
        } else if kind == atoms.net_wm_state {
            self.x11_wants_state(event.window, data);
        } else if kind == atoms.wm_change_state {
            const ICONIC: u32 = 3;
            if let Some(host) = self.x11_host(event.window)
                && data[0] == ICONIC
            {
                host.set_minimized();
            }
        } else if kind == atoms.net_active_window {
            self.x11_wants_focus(event.window);
        } else if kind == atoms.net_close_window {
            self.x11_close(event.window);
        } else if kind == atoms.net_moveresize_window {
            self.x11_moves_and_resizes(event.window, data);
        } else if kind == atoms.net_request_frame_extents {
            // It may not be shown yet, and waits for this to know its size.
            if x11.windows.contains_key(&event.window) {
                x11.say_frame(event.window);
            }
        } else if kind == atoms.net_wm_moveresize {
            self.x11_wants_drag(event.window, data[2]);
        } else if kind == atoms.wm_protocols && data[0] == atoms.net_wm_ping {
            self.x11_pong(data[1]);
        }
    }

    /// The server says which surface is which window.
    fn x11_is_surface(&mut self, window: u32, id: u32) {
        let found = self.client.as_ref().and_then(|client| {
            let object = client.object_from_protocol_id::<WlSurface>(&self.dh, id);
            object.ok()
        });
        let Some(x11) = &mut self.x11 else { return };
        let is_taken = |surface: &WlSurface| {
            let mut all = x11.windows.iter();
            all.any(|(other, known)| *other != window && known.surface.as_ref() == Some(surface))
        };
        let surface = found.filter(|surface| surface.is_alive() && !is_taken(surface));
        let before = x11.windows.get(&window);
        let before = before.and_then(|known| known.surface.clone());
        if let Some(before) = before.filter(|before| surface.as_ref() != Some(before)) {
            // Nothing of the host's is to be left of it: popups go before what they belong to.
            self.x11_surface_gone(&before);
            self.strip_role(&before);
        }
        let Some(x11) = &mut self.x11 else { return };
        if let Some(known) = x11.windows.get_mut(&window) {
            known.surface_id = Some(id);
            known.surface = surface;
            self.x11_show(window);
        }
    }

    fn x11_wants_state(&mut self, window: u32, data: [u32; 5]) {
        const REMOVE: u32 = 0;
        const TOGGLE: u32 = 2;
        let (Some(x11), Some(host)) = (&self.x11, self.x11_host(window)) else {
            return;
        };
        let Some(known) = x11.windows.get(&window) else {
            return;
        };
        let wishes = |now: bool| match data[0] {
            REMOVE => false,
            TOGGLE => !now,
            _ => true,
        };
        let names = |atom: u32| data[1] == atom || data[2] == atom;
        if names(x11.atoms.net_wm_state_fullscreen) {
            if wishes(known.states.fullscreen) {
                if self.may_fill_the_screen() {
                    host.set_fullscreen(None);
                }
            } else {
                host.unset_fullscreen();
            }
        }
        if names(x11.atoms.net_wm_state_maximized_vert) {
            if wishes(known.states.maximized) {
                host.set_maximized();
            } else {
                host.unset_maximized();
            }
        }
        if names(x11.atoms.net_wm_state_demands_attention) && wishes(known.pointed_out) {
            self.x11_wants_attention(window);
        }
    }

    /// A window that draws its own frame was taken by it: the host moves it, if the user has done something just now.
    fn x11_wants_drag(&mut self, window: u32, direction: u32) {
        const MOVE: u32 = 8;
        const EDGES: [ResizeEdge; 8] = [
            ResizeEdge::TopLeft,
            ResizeEdge::Top,
            ResizeEdge::TopRight,
            ResizeEdge::Right,
            ResizeEdge::BottomRight,
            ResizeEdge::Bottom,
            ResizeEdge::BottomLeft,
            ResizeEdge::Left,
        ];
        let seat = self.x11.as_ref().and_then(|x11| x11.seat.as_ref());
        let seat = seat.and_then(host_of::<HostSeat>);
        let (Some(seat), Some(serial)) = (seat, self.input.latest()) else {
            return;
        };
        let Some(host) = self.x11_host(window) else {
            return;
        };
        let edge = EDGES.get(usize::try_from(direction).unwrap_or(EDGES.len()));
        match edge {
            Some(edge) => host.resize(&seat, serial, *edge),
            None if direction == MOVE => host._move(&seat, serial),
            None => {}
        }
    }

    /// The host asks whether the app answers: the window that is active is asked.
    pub(crate) fn x11_ping(&mut self, serial: u32) -> bool {
        let Some(x11) = &mut self.x11 else {
            return false;
        };
        let window = x11.active.filter(|window| {
            let known = x11.windows.get(window);
            known.is_some_and(|known| known.properties.answers_pings)
        });
        if let Some(window) = window {
            x11.ping = Some(serial);
            x11.protocol(window, x11.atoms.net_wm_ping, serial);
        }
        window.is_some()
    }

    fn x11_pong(&mut self, serial: u32) {
        let asked = self.x11.as_mut().and_then(|x11| x11.ping.take());
        if asked == Some(serial) {
            self.host.wm_base.pong(serial);
        }
    }

    /// The pointer has entered a surface: its window is the uppermost from here on.
    pub(super) fn x11_entered(&mut self, surface: &WlSurface) {
        let Some(x11) = &mut self.x11 else { return };
        let found = x11
            .windows
            .iter()
            .find(|(_, window)| window.surface.as_ref() == Some(surface));
        if let Some((window, known)) = found
            && !known.is_own_master
        {
            let window = *window;
            x11.raise(window);
        }
    }
}

/// The sides of a window that X can have are those of the policy.
const _: () = assert!(policy::SIDE_MAX <= 0x7fff);
