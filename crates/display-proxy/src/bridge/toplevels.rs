//! Windows: the host's toplevel behind an app's, and configures in between.

use std::collections::VecDeque;

use smithay::utils::Serial;
use smithay::wayland::compositor::with_states;
use smithay::wayland::shell::xdg::{ToplevelSurface, XdgToplevelSurfaceData};
use wayland_client::Proxy;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface as HostXdgSurface;
use wayland_protocols::xdg::shell::client::xdg_toplevel::XdgToplevel as HostToplevel;
use wayland_protocols::xdg::shell::server::xdg_toplevel::{State, WmCapabilities};
use wayland_protocols::xdg::shell::server::xdg_wm_base;
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use super::surfaces::{Role, Shell};
use crate::app::decoration::{self, Decoration};
use crate::policy;
use crate::report::Event;
use crate::session::{Session, Shared};

/// Which configure of the host stands behind which of smithay's.
#[derive(Debug, Default)]
pub(crate) struct Configures {
    sent: VecDeque<(Serial, u32)>,
    acked: bool,
}

impl Configures {
    pub(crate) fn sent(&mut self, app: Serial, host: u32) {
        self.sent.push_back((app, host));
    }

    /// The host's serial for one that the app acknowledged; older ones are settled with it.
    pub(crate) fn ack(&mut self, app: Serial) -> Option<u32> {
        let at = self.sent.iter().position(|(known, _)| *known == app)?;
        self.acked = true;
        self.sent.drain(..=at).next_back().map(|(_, host)| host)
    }

    pub(crate) fn acked(&self) -> bool {
        self.acked
    }

    /// An unmapped window starts over with a commit without a buffer.
    pub(crate) fn reset(&mut self) {
        self.acked = false;
    }
}

/// What the host has said about a window since its last configure.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) size: (i32, i32),
    pub(crate) states: Vec<u8>,
    pub(crate) bounds: Option<(i32, i32)>,
    pub(crate) capabilities: Option<Vec<u8>>,
}

/// A window.
#[derive(Debug)]
pub(crate) struct Toplevel {
    pub(crate) app: ToplevelSurface,
    pub(crate) host: HostToplevel,
    pub(crate) xdg: HostXdgSurface,
    pub(crate) configures: Configures,
    pub(crate) told: Told,
    pub(crate) decoration: Option<Decoration>,
    sent: Shell,
    /// The daemon's number of it, once it has been shown.
    window: Option<u64>,
}

impl Toplevel {
    /// Sends what a commit changes about the window.
    pub(crate) fn relay(&mut self, shell: Shell) {
        relay_geometry(&self.xdg, &mut self.sent, shell);
        let side =
            |(w, h): (i32, i32)| (w.clamp(0, policy::SIDE_MAX), h.clamp(0, policy::SIDE_MAX));
        if shell.min != self.sent.min {
            let (w, h) = side(shell.min);
            self.host.set_min_size(w, h);
            self.sent.min = shell.min;
        }
        if shell.max != self.sent.max {
            let (w, h) = side(shell.max);
            self.host.set_max_size(w, h);
            self.sent.max = shell.max;
        }
    }

    pub(crate) fn destroy(self, shared: &Shared) {
        if let Some(slot) = &self.decoration {
            decoration::destroy(slot);
        }
        self.host.destroy();
        self.xdg.destroy();
        if let Some(window) = self.window {
            shared.report.send(&Event::WindowClosed { window });
        }
    }
}

/// Sends a window geometry that changed and is in range.
pub(crate) fn relay_geometry(xdg: &HostXdgSurface, sent: &mut Shell, shell: Shell) {
    if shell.geometry == sent.geometry {
        return;
    }
    sent.geometry = shell.geometry;
    if let Some(rect) = shell.geometry
        && policy::is_side(rect.w)
        && policy::is_side(rect.h)
    {
        xdg.set_window_geometry(rect.x, rect.y, rect.w, rect.h);
    }
}

impl Session {
    pub(crate) fn toplevel_created(&mut self, app: ToplevelSurface) {
        let Some(host) = self.free_for_role(app.wl_surface(), app.xdg_toplevel()) else {
            return;
        };
        let surface = app.wl_surface().clone();
        let xdg = self
            .host
            .wm_base
            .get_xdg_surface(&host, &self.qh, surface.clone());
        let host = xdg.get_toplevel(&self.qh, surface.clone());
        if let Some(id) = &self.shared.config.app_id {
            host.set_app_id(id.clone());
        }
        let toplevel = Toplevel {
            app,
            host,
            xdg,
            configures: Configures::default(),
            told: Told::default(),
            decoration: None,
            sent: Shell::default(),
            window: None,
        };
        if let Some(link) = self.surfaces.get_mut(&surface.id()) {
            link.role = Role::Toplevel(toplevel);
        }
    }

    /// The host's surface for one that is about to become a window or popup.
    ///
    /// smithay lets the same role be given twice, by a second request or by a second xdg_surface;
    /// a host ends the connection over that.
    pub(crate) fn free_for_role(
        &mut self,
        surface: &WlSurface,
        object: &impl Resource,
    ) -> Option<HostSurface> {
        let link = self.surfaces.get(&surface.id())?;
        if !matches!(link.role, Role::None) {
            object.post_error(
                xdg_wm_base::Error::Role,
                "the surface already has a role object",
            );
            self.end("gave a surface a second role object");
            return None;
        }
        if link.has_buffer() {
            object.post_error(
                xdg_wm_base::Error::InvalidSurfaceState,
                "the surface already has a buffer",
            );
            self.end("made a window of a surface with a buffer");
            return None;
        }
        Some(link.host.clone())
    }

    pub(crate) fn toplevel(&self, surface: &WlSurface) -> Option<&Toplevel> {
        match &self.surfaces.get(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some(toplevel),
            _ => None,
        }
    }

    pub(crate) fn toplevel_mut(&mut self, surface: &WlSurface) -> Option<&mut Toplevel> {
        match &mut self.surfaces.get_mut(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some(toplevel),
            _ => None,
        }
    }

    /// The host finished a configure of a window: the app gets it as one of smithay's.
    pub(crate) fn toplevel_configured(&mut self, surface: &WlSurface, host_serial: u32) {
        let Some(toplevel) = self.toplevel_mut(surface) else {
            return;
        };
        let told = &toplevel.told;
        toplevel.app.with_pending_state(|state| {
            state.size = Some(told.size.into());
            for (number, value) in STATES {
                if words(&told.states).any(|word| word == *number) {
                    state.states.set(*value);
                } else {
                    state.states.unset(*value);
                }
            }
            state.bounds = told.bounds.map(Into::into);
            if let Some(capabilities) = &told.capabilities {
                let known =
                    words(capabilities).filter_map(|word| WmCapabilities::try_from(word).ok());
                state.capabilities.replace(known);
            }
        });
        let serial = toplevel.app.send_configure();
        toplevel.configures.sent(serial, host_serial);
    }

    /// A commit removed the buffer.
    pub(crate) fn unmapped(&mut self, surface: &WlSurface) {
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        match &mut link.role {
            Role::Toplevel(toplevel) => {
                toplevel.configures.reset();
                toplevel.app.reset_initial_configure_sent();
                if let Some(window) = toplevel.window.take() {
                    self.shared.report.send(&Event::WindowClosed { window });
                }
            }
            Role::Popup(popup) => {
                popup.configures.reset();
                popup.app.reset_initial_configure_sent();
            }
            _ => {}
        }
    }

    /// A commit showed a buffer; for a window's first, the daemon hears of it.
    pub(crate) fn mapped(&mut self, surface: &WlSurface) {
        let shared = std::rc::Rc::clone(&self.shared);
        let activation = self.host.activation.clone();
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        let number = match &mut link.role {
            Role::Toplevel(toplevel) => &mut toplevel.window,
            Role::X11(shown) if shown.toplevel().is_some() => &mut shown.number,
            _ => return,
        };
        if number.is_some() {
            return;
        }
        let window = shared.next_window();
        *number = Some(window);
        shared.report.send(&Event::WindowOpened { window });
        if let Some(token) = shared.activation_token.borrow_mut().take()
            && let Some(activation) = activation
        {
            activation.activate(token, &link.host);
        }
    }

    /// Relays the title or the application id as a person may see it.
    pub(crate) fn names_changed(&self, app: &ToplevelSurface) {
        let Some(toplevel) = self.toplevel(app.wl_surface()) else {
            return;
        };
        let (title, app_id) = with_states(app.wl_surface(), |states| {
            let data = states.data_map.get::<XdgToplevelSurfaceData>();
            let data = data.and_then(|data| data.lock().ok());
            data.map_or((None, None), |data| {
                (data.title.clone(), data.app_id.clone())
            })
        });
        if let Some(title) = title {
            toplevel
                .host
                .set_title(policy::shown(&title, policy::TITLE_MAX));
        }
        if let Some(app_id) = app_id
            && self.shared.config.app_id.is_none()
        {
            toplevel
                .host
                .set_app_id(policy::shown(&app_id, policy::APP_ID_MAX));
        }
    }
}

/// The states of a window, by their number on the wire.
const STATES: &[(u32, State)] = &[
    (1, State::Maximized),
    (2, State::Fullscreen),
    (3, State::Resizing),
    (4, State::Activated),
    (5, State::TiledLeft),
    (6, State::TiledRight),
    (7, State::TiledTop),
    (8, State::TiledBottom),
    (9, State::Suspended),
];

pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes
        .chunks_exact(4)
        .map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
}

/// The newest version of what a proxy object can do, for the requests that need it.
pub(crate) fn at_least(proxy: &impl Proxy, version: u32) -> bool {
    proxy.version() >= version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledging_a_later_configure_settles_the_earlier_ones() {
        let mut configures = Configures::default();
        configures.sent(Serial::from(10), 1);
        configures.sent(Serial::from(11), 2);
        configures.sent(Serial::from(12), 3);
        assert_eq!(configures.ack(Serial::from(11)), Some(2));
        assert_eq!(configures.ack(Serial::from(10)), None);
        assert_eq!(configures.ack(Serial::from(12)), Some(3));
        assert!(configures.acked());
    }

    #[test]
    fn an_unknown_serial_is_no_acknowledgement() {
        let mut configures = Configures::default();
        assert_eq!(configures.ack(Serial::from(1)), None);
        assert!(!configures.acked());
    }
}
