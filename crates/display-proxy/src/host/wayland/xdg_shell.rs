//! What the host says about windows and popups.

use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols::xdg::shell::client::xdg_popup::{self, XdgPopup};
use wayland_protocols::xdg::shell::client::xdg_positioner::XdgPositioner;
use wayland_protocols::xdg::shell::client::xdg_surface::{self, XdgSurface};
use wayland_protocols::xdg::shell::client::xdg_toplevel::{self, XdgToplevel};
use wayland_protocols::xdg::shell::client::xdg_wm_base::{self, XdgWmBase};
use wayland_server::protocol::wl_surface::WlSurface;

use crate::session::Session;

delegate_noop!(Session: XdgPositioner);

impl Dispatch<XdgWmBase, ()> for Session {
    fn event(
        session: &mut Self,
        wm_base: &XdgWmBase,
        event: xdg_wm_base::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let xdg_wm_base::Event::Ping { serial } = event {
            if session.x11_ping(serial) {
                return;
            }
            let sent = session
                .pings
                .client
                .as_ref()
                .is_some_and(|client| client.send_ping(serial.into()).is_ok());
            if sent {
                session.pings.host = Some(serial);
            } else if session.pings.host.is_none() {
                // An app without windows cannot hang.
                wm_base.pong(serial);
            }
        }
    }
}

impl Dispatch<XdgSurface, WlSurface> for Session {
    fn event(
        session: &mut Self,
        _host: &XdgSurface,
        event: xdg_surface::Event,
        surface: &WlSurface,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let xdg_surface::Event::Configure { serial } = event {
            session.toplevel_configured(surface, serial);
            session.popup_configured(surface, serial);
            session.x11_configured(surface, serial);
        }
    }
}

impl Dispatch<XdgToplevel, WlSurface> for Session {
    fn event(
        session: &mut Self,
        _host: &XdgToplevel,
        event: xdg_toplevel::Event,
        surface: &WlSurface,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        let Some(toplevel) = session.toplevel_mut(surface) else {
            session.x11_toplevel_event(surface, event);
            return;
        };
        match event {
            xdg_toplevel::Event::Configure {
                width,
                height,
                states,
            } => {
                toplevel.told.size = (width, height);
                toplevel.told.states = states;
            }
            xdg_toplevel::Event::ConfigureBounds { width, height } => {
                toplevel.told.bounds = Some((width, height))
            }
            xdg_toplevel::Event::WmCapabilities { capabilities } => {
                toplevel.told.capabilities = Some(capabilities)
            }
            xdg_toplevel::Event::Close => toplevel.app.send_close(),
            _ => {}
        }
    }
}

impl Dispatch<XdgPopup, WlSurface> for Session {
    fn event(
        session: &mut Self,
        _host: &XdgPopup,
        event: xdg_popup::Event,
        surface: &WlSurface,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        let Some(popup) = session.popup_mut(surface) else {
            session.x11_popup_event(surface, &event);
            return;
        };
        match event {
            xdg_popup::Event::Configure {
                x,
                y,
                width,
                height,
            } => popup.told = (x, y, width, height),
            xdg_popup::Event::Repositioned { token } => popup.repositioned = Some(token),
            xdg_popup::Event::PopupDone => popup.app.send_popup_done(),
            _ => {}
        }
    }
}
