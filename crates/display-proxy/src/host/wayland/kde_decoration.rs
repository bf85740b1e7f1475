//! What the host says about frames, in the older protocol.

use wayland_client::{Connection, Dispatch, QueueHandle};
use wayland_protocols_misc::server_decoration::client::org_kde_kwin_server_decoration::{
    self, OrgKdeKwinServerDecoration as HostDecoration,
};
use wayland_protocols_misc::server_decoration::client::org_kde_kwin_server_decoration_manager::{
    self, OrgKdeKwinServerDecorationManager as HostManager,
};
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration::OrgKdeKwinServerDecoration;
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration_manager::OrgKdeKwinServerDecorationManager;

use super::registry::Listing;
use crate::peer::same;
use crate::session::Session;

impl Dispatch<HostManager, ()> for Listing {
    fn event(
        state: &mut Self,
        _manager: &HostManager,
        event: org_kde_kwin_server_decoration_manager::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let org_kde_kwin_server_decoration_manager::Event::DefaultMode { mode } = event {
            state.known.decoration = Some(mode.into());
        }
    }
}

impl Dispatch<HostManager, OrgKdeKwinServerDecorationManager> for Session {
    fn event(
        session: &mut Self,
        _host: &HostManager,
        event: org_kde_kwin_server_decoration_manager::Event,
        manager: &OrgKdeKwinServerDecorationManager,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let org_kde_kwin_server_decoration_manager::Event::DefaultMode { mode } = event {
            let mode: u32 = mode.into();
            // The first is what the app was told when it bound the manager.
            if session.known.decoration.replace(mode) != Some(mode)
                && let Some(mode) = same(mode)
            {
                manager.default_mode(mode);
            }
        }
    }
}

impl Dispatch<HostDecoration, OrgKdeKwinServerDecoration> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostDecoration,
        event: org_kde_kwin_server_decoration::Event,
        decoration: &OrgKdeKwinServerDecoration,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let org_kde_kwin_server_decoration::Event::Mode { mode } = event
            && let Some(mode) = same(mode)
        {
            decoration.mode(mode);
        }
    }
}
