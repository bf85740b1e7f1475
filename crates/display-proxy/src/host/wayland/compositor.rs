//! What the host says about surfaces.

use wayland_client::protocol::wl_callback::{self, WlCallback};
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_output::WlOutput as HostOutput;
use wayland_client::protocol::wl_region::WlRegion;
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;
use wayland_client::protocol::wl_subsurface::WlSubsurface;
use wayland_client::protocol::wl_surface::{self, WlSurface as HostSurface};
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle, delegate_noop};
use wayland_server::Resource;
use wayland_server::protocol::wl_callback::WlCallback as AppCallback;
use wayland_server::protocol::wl_output::WlOutput;
use wayland_server::protocol::wl_surface::WlSurface;

use crate::app::mirror::Mirror;
use crate::bridge::border::{Arrow, PartOf};
use crate::peer::same;
use crate::session::{HostAnswered, Session};

delegate_noop!(Session: WlCompositor);
delegate_noop!(Session: WlRegion);
delegate_noop!(Session: WlSubcompositor);
delegate_noop!(Session: WlSubsurface);

impl Dispatch<HostSurface, WlSurface> for Session {
    fn event(
        session: &mut Self,
        _host: &HostSurface,
        event: wl_surface::Event,
        surface: &WlSurface,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        match event {
            wl_surface::Event::Enter { output } => {
                if let Some(output) = app_output(&output) {
                    session.seen_on(surface, &output, true);
                    surface.enter(&output);
                }
            }
            wl_surface::Event::Leave { output } => {
                if let Some(output) = app_output(&output) {
                    session.seen_on(surface, &output, false);
                    surface.leave(&output);
                }
            }
            wl_surface::Event::PreferredBufferScale { factor } if surface.version() >= 6 => {
                surface.preferred_buffer_scale(factor);
            }
            wl_surface::Event::PreferredBufferTransform { transform } if surface.version() >= 6 => {
                if let Some(transform) = same(transform) {
                    surface.preferred_buffer_transform(transform);
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<HostSurface, PartOf> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostSurface,
        _event: wl_surface::Event,
        _data: &PartOf,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        // Where a border is seen is where its window is.
    }
}

impl Dispatch<HostSurface, Arrow> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostSurface,
        _event: wl_surface::Event,
        _data: &Arrow,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        // Where the cursor is says nothing.
    }
}

impl Session {
    fn seen_on(&mut self, surface: &WlSurface, screen: &WlOutput, seen: bool) {
        if let Some(link) = self.surfaces.get_mut(&surface.id()) {
            link.screens
                .retain(|known| known != screen && known.is_alive());
            if seen {
                link.screens.push(screen.clone());
            }
        }
    }
}

/// The app's object for an output of the host; each was bound for exactly one.
fn app_output(output: &HostOutput) -> Option<WlOutput> {
    output
        .data::<(WlOutput, Mirror)>()
        .map(|(output, _)| output)
        .filter(|output| output.is_alive())
        .cloned()
}

impl Dispatch<WlCallback, AppCallback> for Session {
    fn event(
        _session: &mut Self,
        _host: &WlCallback,
        event: wl_callback::Event,
        callback: &AppCallback,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_callback::Event::Done { callback_data } = event {
            callback.done(callback_data);
        }
    }
}

impl Dispatch<WlCallback, HostAnswered> for Session {
    fn event(
        session: &mut Self,
        _host: &WlCallback,
        event: wl_callback::Event,
        _data: &HostAnswered,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_callback::Event::Done { .. } = event {
            session.answered();
        }
    }
}
