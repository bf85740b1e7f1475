//! Screens, and their logical sizes.

use wayland_client::protocol::wl_output::WlOutput as HostOutput;
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_manager_v1::ZxdgOutputManagerV1 as HostManager;
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_v1::ZxdgOutputV1 as HostXdgOutput;
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_manager_v1::{
    self, ZxdgOutputManagerV1,
};
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_v1::{self, ZxdgOutputV1};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_output::{self, WlOutput};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::mirror::{Mirror, mirror_manager};
use crate::bridge::toplevels::at_least;
use crate::peer::{Peer, host_of, link, manager_of};
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<WlOutput, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlOutput>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let output = data_init.init(resource, Peer::<HostOutput>::default());
        session.take(Kind::Object, &output);
        session
            .known
            .describe_screen(mirror.name, &output, session.density);
        let (mirror, version) = (*mirror, output.version());
        link::<_, HostOutput>(session, &output, move |session, of| {
            let data = (of.clone(), mirror);
            Some(session.bind(mirror.name, version, data))
        });
    }
}

impl Dispatch<WlOutput, Peer<HostOutput>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        output: &WlOutput,
        _request: wl_output::Request,
        data: &Peer<HostOutput>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(output);
        // Release is the only request.
        if let Some(host) = data.get().filter(|host| at_least(host, 3)) {
            host.release();
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _output: &WlOutput,
        data: &Peer<HostOutput>,
    ) {
        data.take();
        session.quota.give(Kind::Object);
    }
}

mirror_manager!(ZxdgOutputManagerV1 => HostManager);

impl Dispatch<ZxdgOutputManagerV1, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &ZxdgOutputManagerV1,
        request: zxdg_output_manager_v1::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        match request {
            zxdg_output_manager_v1::Request::GetXdgOutput { id, output } => {
                let xdg_output = data_init.init(id, Peer::<HostXdgOutput>::default());
                session.take(Kind::Object, &xdg_output);
                if let Some(host) = host_of::<HostOutput>(&output)
                    && let Some((_, mirror)) =
                        wayland_client::Proxy::data::<(WlOutput, Mirror)>(&host)
                {
                    let density = session.density;
                    session
                        .known
                        .describe_logical(mirror.name, &xdg_output, density);
                    // Clients count these: one with the screen, one with this.
                    if xdg_output.version() >= 3 && output.version() >= 2 {
                        output.done();
                    }
                }
                let manager = manager.clone();
                link(session, &xdg_output, move |session, of| {
                    let manager = manager_of::<HostManager>(session, &manager)?;
                    let screen = host_of::<HostOutput>(&output)?;
                    Some(manager.get_xdg_output(&screen, &session.qh, of.clone()))
                });
            }
            zxdg_output_manager_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _m: &ZxdgOutputManagerV1,
        _data: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<ZxdgOutputV1, Peer<HostXdgOutput>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        output: &ZxdgOutputV1,
        _request: zxdg_output_v1::Request,
        data: &Peer<HostXdgOutput>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(output);
        // Destruction is the only request.
        if let Some(host) = data.get() {
            host.destroy();
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _output: &ZxdgOutputV1,
        data: &Peer<HostXdgOutput>,
    ) {
        data.take();
        session.quota.give(Kind::Object);
    }
}
