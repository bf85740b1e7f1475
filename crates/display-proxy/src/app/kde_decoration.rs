//! The older decoration protocol, which GTK 3 and many hosts still speak. Without it GTK 3
//! draws a frame of its own where the host would draw one.

use wayland_protocols_misc::server_decoration::client::org_kde_kwin_server_decoration::OrgKdeKwinServerDecoration as HostDecoration;
use wayland_protocols_misc::server_decoration::client::org_kde_kwin_server_decoration_manager::OrgKdeKwinServerDecorationManager as HostManager;
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration::{
    self, Mode, OrgKdeKwinServerDecoration,
};
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration_manager::{
    self, OrgKdeKwinServerDecorationManager,
};
use wayland_server::backend::ClientId;
use wayland_server::{
    Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum,
};

use super::mirror::Mirror;
use crate::peer::{Peer, link, same};
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<OrgKdeKwinServerDecorationManager, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<OrgKdeKwinServerDecorationManager>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, Peer::<HostManager>::default());
        session.take(Kind::Object, &manager);
        if let Some(mode) = session.known.decoration.and_then(same) {
            manager.default_mode(mode);
        }
        let host = session.bind(mirror.name, manager.version(), manager.clone());
        link(&manager, host);
    }
}

impl Dispatch<OrgKdeKwinServerDecorationManager, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &OrgKdeKwinServerDecorationManager,
        request: org_kde_kwin_server_decoration_manager::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        if let org_kde_kwin_server_decoration_manager::Request::Create { id, surface } = request {
            let decoration = data_init.init(id, Peer::<HostDecoration>::default());
            session.take(Kind::Object, &decoration);
            if let Some(surface) = session.host_surface(&surface) {
                link(
                    &decoration,
                    host.create(surface, &session.qh, decoration.clone()),
                );
                session.expect_answer();
            }
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _manager: &OrgKdeKwinServerDecorationManager,
        _data: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<OrgKdeKwinServerDecoration, Peer<HostDecoration>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        decoration: &OrgKdeKwinServerDecoration,
        request: org_kde_kwin_server_decoration::Request,
        data: &Peer<HostDecoration>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(decoration);
        let Some(host) = data.get() else { return };
        if let org_kde_kwin_server_decoration::Request::RequestMode {
            mode: WEnum::Value(mode @ (Mode::None | Mode::Client | Mode::Server)),
        } = request
            && let Some(mode) = same(mode)
        {
            host.request_mode(mode);
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _decoration: &OrgKdeKwinServerDecoration,
        data: &Peer<HostDecoration>,
    ) {
        if let Some(host) = data.get() {
            host.release();
        }
        session.quota.give(Kind::Object);
    }
}
