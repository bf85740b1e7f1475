//! The host's objects behind an X window that is shown.

use wayland_protocols::xdg::decoration::zv1::client::zxdg_toplevel_decoration_v1::ZxdgToplevelDecorationV1 as HostDecoration;
use wayland_protocols::xdg::shell::client::xdg_popup::XdgPopup as HostPopup;
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface as HostXdgSurface;
use wayland_protocols::xdg::shell::client::xdg_toplevel::XdgToplevel as HostToplevel;

use super::windows::States;
use crate::bridge::toplevels::words;
use crate::mark::places::Shape;
use crate::report::Event;
use crate::session::Shared;

/// A window of X as the host has it.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Which.
    pub(crate) window: u32,
    pub(crate) xdg: HostXdgSurface,
    pub(crate) kind: Kind,
    /// The host has answered: from here on what is drawn goes to it.
    pub(crate) configured: bool,
    /// What the host said that the next drawing follows.
    pub(crate) unacked: Option<u32>,
    /// The daemon's number of it, once it has been seen.
    pub(crate) number: Option<u64>,
}

/// As what.
#[derive(Debug)]
pub(crate) enum Kind {
    Toplevel {
        host: HostToplevel,
        decoration: Option<HostDecoration>,
        /// Told since the last configure: its size, 0 where the window says, and its states.
        size: (i32, i32),
        states: States,
        /// Of its border.
        shape: Shape,
    },
    Popup {
        host: HostPopup,
        /// Told since the last configure: where it is in its window.
        at: (i32, i32),
    },
}

impl Shown {
    pub(crate) fn shape(&self) -> Shape {
        match &self.kind {
            Kind::Toplevel { shape, .. } => *shape,
            Kind::Popup { .. } => Shape::Thin,
        }
    }

    pub(crate) fn is_maximised(&self) -> bool {
        matches!(&self.kind, Kind::Toplevel { states, .. } if states.maximized)
    }

    pub(crate) fn toplevel(&self) -> Option<&HostToplevel> {
        match &self.kind {
            Kind::Toplevel { host, .. } => Some(host),
            Kind::Popup { .. } => None,
        }
    }

    pub(crate) fn destroy(self, shared: &Shared) {
        match self.kind {
            Kind::Toplevel {
                host, decoration, ..
            } => {
                // The host wants it gone before its window.
                if let Some(decoration) = decoration {
                    decoration.destroy();
                }
                host.destroy();
            }
            Kind::Popup { host, .. } => host.destroy(),
        }
        self.xdg.destroy();
        if let Some(window) = self.number {
            shared.report.send(&Event::WindowClosed { window });
        }
    }
}

/// States of a window as they come from the host.
pub(crate) fn states(bytes: &[u8]) -> States {
    let mut states = States::default();
    for word in words(bytes) {
        match word {
            1 => states.maximized = true,
            2 => states.fullscreen = true,
            4 => states.activated = true,
            5..=8 => states.tiled = true,
            _ => {}
        }
    }
    states
}
