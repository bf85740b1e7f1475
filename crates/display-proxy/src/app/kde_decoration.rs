//! The older decoration protocol, which GTK 3 and many hosts still speak. Without it GTK 3
//! draws a frame of its own where the host would draw one.

use std::sync::{Mutex, PoisonError};

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
use crate::peer::{Peer, host_of, link, same};
use crate::quota::Kind;
use crate::session::Session;

/// User data of a decoration: the host's, and what the app has asked for last.
#[derive(Debug, Default)]
pub(crate) struct Decoration {
    host: Peer<HostDecoration>,
    wished: Mutex<Option<u32>>,
}

impl Decoration {
    fn wish(&self, mode: u32) {
        *self.wished.lock().unwrap_or_else(PoisonError::into_inner) = Some(mode);
    }

    fn wished(&self) -> Option<u32> {
        *self.wished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
        let (name, version) = (mirror.name, manager.version());
        link::<_, HostManager>(session, &manager, move |session, of| {
            Some(session.bind(name, version, of.clone()))
        });
    }
}

impl Dispatch<OrgKdeKwinServerDecorationManager, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &OrgKdeKwinServerDecorationManager,
        request: org_kde_kwin_server_decoration_manager::Request,
        _data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        if let org_kde_kwin_server_decoration_manager::Request::Create { id, surface } = request {
            let decoration = data_init.init(id, Decoration::default());
            session.take(Kind::Object, &decoration);
            let Some(data) = decoration.data::<Decoration>() else {
                return;
            };
            let manager = manager.clone();
            session.link(&decoration, &data.host, move |session, of| {
                let manager = host_of::<HostManager>(&manager)?;
                let surface = session.host_surface(&surface)?;
                let decoration = of.clone();
                let wished = decoration.data::<Decoration>().and_then(Decoration::wished);
                let host = manager.create(surface, &session.qh, decoration);
                if let Some(mode) = wished.and_then(same) {
                    host.request_mode(mode);
                }
                Some(host)
            });
            session.expect_answer();
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _manager: &OrgKdeKwinServerDecorationManager,
        data: &Peer<HostManager>,
    ) {
        data.take();
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<OrgKdeKwinServerDecoration, Decoration> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        decoration: &OrgKdeKwinServerDecoration,
        request: org_kde_kwin_server_decoration::Request,
        data: &Decoration,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(decoration);
        if let org_kde_kwin_server_decoration::Request::RequestMode {
            mode: WEnum::Value(mode @ (Mode::None | Mode::Client | Mode::Server)),
        } = request
            && let Some(known) = same(mode)
        {
            data.wish(mode.into());
            data.host.get().inspect(|host| host.request_mode(known));
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _decoration: &OrgKdeKwinServerDecoration,
        data: &Decoration,
    ) {
        data.host.take().inspect(HostDecoration::release);
        session.quota.give(Kind::Object);
    }
}
