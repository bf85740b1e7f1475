//! Windows that want the user's attention, or the focus: what the host is told of it.
//!
//! ICCCM 4.1.2.4, `WM_HINTS`; EWMH, `_NET_ACTIVE_WINDOW` and `_NET_WM_STATE_DEMANDS_ATTENTION`; startup notification:
//! <https://specifications.freedesktop.org/startup-notification-spec/latest/>

use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle};
use wayland_protocols::xdg::activation::v1::client::xdg_activation_token_v1::{
    self, XdgActivationTokenV1 as HostToken,
};
use wayland_server::protocol::wl_surface::WlSurface;

use crate::peer::host_of;
use crate::session::Session;

/// What a token was asked for: the surface that is to be pointed out.
#[derive(Debug)]
pub(crate) struct For(WlSurface);

impl Dispatch<HostToken, For> for Session {
    fn event(
        session: &mut Self,
        token: &HostToken,
        event: xdg_activation_token_v1::Event,
        surface: &For,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let xdg_activation_token_v1::Event::Done { token: name } = event {
            if let (Some(host), Some(surface)) =
                (&session.host.activation, session.host_surface(&surface.0))
                && token.is_alive()
            {
                host.activate(name, surface);
            }
            token.destroy();
        }
    }
}

impl Session {
    /// A window wants attention. It is asked for once, until the window has had the focus.
    pub(super) fn x11_wants_attention(&mut self, window: u32) {
        self.x11_ask_for_attention(window, None);
    }

    /// A window wants the focus. With something that the user did just now in a window of the same app the host may give it; else
    /// it points the window out.
    pub(super) fn x11_wants_focus(&mut self, window: u32) {
        let latest = self.input.latest();
        let Some(x11) = &mut self.x11 else { return };
        // One thing that the user did moves the focus once.
        let fresh = latest.filter(|serial| x11.spent != Some(*serial));
        x11.spent = latest;
        self.x11_ask_for_attention(window, fresh);
    }

    fn x11_ask_for_attention(&mut self, window: u32, serial: Option<u32>) {
        let Some(x11) = &mut self.x11 else { return };
        let seat = x11.seat.as_ref().and_then(host_of::<HostSeat>);
        let Some(known) = x11.windows.get_mut(&window) else {
            return;
        };
        let (Some(activation), Some(surface)) = (&self.host.activation, known.surface.clone())
        else {
            return;
        };
        let asked = known.pointed_out && serial.is_none();
        if known.states.activated || asked || !x11.order.contains(&window) {
            return;
        }
        known.pointed_out = true;
        let token = activation.get_activation_token(&self.qh, For(surface));
        if let (Some(serial), Some(seat)) = (serial, seat) {
            token.set_serial(serial, &seat);
        }
        token.commit();
    }

    /// A window shows its first picture: the click that has started its program gives it the focus.
    pub(crate) fn x11_started(&mut self, surface: &WlSurface) {
        let Some(window) = self.x11_shown_of(surface).map(|shown| shown.window) else {
            return;
        };
        let Some(x11) = &self.x11 else { return };
        let known = x11.windows.get(&window);
        let Some(name) = known.and_then(|known| known.properties.startup.clone()) else {
            return;
        };
        let click = self.shared.activations.borrow_mut().take(&name);
        if let (Some(click), Some(host), Some(surface)) =
            (click, &self.host.activation, self.host_surface(surface))
        {
            host.activate(click, surface);
        }
    }
}
