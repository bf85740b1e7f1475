//! Pointer motion without a position: for games.

use wayland_client::protocol::wl_pointer::WlPointer as HostPointer;
use wayland_protocols::wp::relative_pointer::zv1::client::zwp_relative_pointer_manager_v1::ZwpRelativePointerManagerV1 as HostManager;
use wayland_protocols::wp::relative_pointer::zv1::client::zwp_relative_pointer_v1::ZwpRelativePointerV1 as HostRelative;
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_manager_v1::{
    self, ZwpRelativePointerManagerV1,
};
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_v1::{
    self, ZwpRelativePointerV1,
};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle};

use super::mirror::mirror_manager;
use crate::peer::{Peer, host_of, link, manager_of};
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(ZwpRelativePointerManagerV1 => HostManager);

impl Dispatch<ZwpRelativePointerManagerV1, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &ZwpRelativePointerManagerV1,
        request: zwp_relative_pointer_manager_v1::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        match request {
            zwp_relative_pointer_manager_v1::Request::GetRelativePointer { id, pointer } => {
                let relative = data_init.init(id, Peer::<HostRelative>::default());
                session.take(Kind::Object, &relative);
                let manager = manager.clone();
                link(session, &relative, move |session, of| {
                    let manager = manager_of::<HostManager>(session, &manager)?;
                    let pointer = host_of::<HostPointer>(&pointer)?;
                    Some(manager.get_relative_pointer(&pointer, &session.qh, of.clone()))
                });
            }
            zwp_relative_pointer_manager_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _m: &ZwpRelativePointerManagerV1,
        _d: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<ZwpRelativePointerV1, Peer<HostRelative>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        relative: &ZwpRelativePointerV1,
        _request: zwp_relative_pointer_v1::Request,
        _data: &Peer<HostRelative>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Destruction is the only request.
        session.tick(relative);
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _r: &ZwpRelativePointerV1,
        data: &Peer<HostRelative>,
    ) {
        if let Some(host) = data.take() {
            host.destroy();
        }
        session.quota.give(Kind::Object);
    }
}
