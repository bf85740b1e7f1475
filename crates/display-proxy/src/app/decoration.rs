//! Who draws a window's frame: the app asks, the host decides.

use std::sync::Mutex;

use wayland_protocols::xdg::decoration::zv1::client::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1 as HostManager;
use wayland_protocols::xdg::decoration::zv1::client::zxdg_toplevel_decoration_v1::ZxdgToplevelDecorationV1 as HostDecoration;
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::{
    self, ZxdgDecorationManagerV1,
};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::{
    self, ZxdgToplevelDecorationV1,
};
use wayland_server::Resource;
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle};

use super::mirror::mirror_manager;
use crate::peer::{Peer, same};
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(ZxdgDecorationManagerV1 => HostManager);

/// The host's decoration, until its window goes: the host wants it destroyed before that.
pub(crate) type Decoration = std::sync::Arc<Mutex<Option<HostDecoration>>>;

impl Dispatch<ZxdgDecorationManagerV1, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &ZxdgDecorationManagerV1,
        request: zxdg_decoration_manager_v1::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        match request {
            zxdg_decoration_manager_v1::Request::GetToplevelDecoration { id, toplevel } => {
                let slot = Decoration::default();
                let decoration = data_init.init(id, slot.clone());
                session.take(Kind::Object, &decoration);
                let qh = session.qh.clone();
                let surface = session
                    .xdg
                    .get_toplevel(&toplevel)
                    .map(|app| app.wl_surface().clone());
                let Some(window) = surface.and_then(|surface| session.toplevel_mut(&surface))
                else {
                    return;
                };
                if window.decoration.as_ref().is_some_and(is_some) {
                    let code = zxdg_toplevel_decoration_v1::Error::AlreadyConstructed;
                    decoration.post_error(code, "the window has a decoration already");
                    session.end("made a second decoration for a window");
                    return;
                }
                let host = host.get_toplevel_decoration(&window.host, &qh, decoration);
                set(&slot, Some(host));
                window.decoration = Some(slot);
            }
            zxdg_decoration_manager_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _m: &ZxdgDecorationManagerV1,
        _data: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}

fn is_some(slot: &Decoration) -> bool {
    slot.lock().is_ok_and(|slot| slot.is_some())
}

fn set(slot: &Decoration, host: Option<HostDecoration>) {
    if let Ok(mut slot) = slot.lock() {
        *slot = host;
    }
}

/// Destroys the host's decoration, from whichever side comes first.
pub(crate) fn destroy(slot: &Decoration) {
    if let Ok(mut slot) = slot.lock()
        && let Some(host) = slot.take()
    {
        host.destroy();
    }
}

impl Dispatch<ZxdgToplevelDecorationV1, Decoration> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        decoration: &ZxdgToplevelDecorationV1,
        request: zxdg_toplevel_decoration_v1::Request,
        slot: &Decoration,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(decoration);
        let Ok(slot) = slot.lock() else { return };
        let Some(host) = slot.as_ref() else { return };
        match request {
            zxdg_toplevel_decoration_v1::Request::SetMode { mode } => {
                if let Some(mode) = same(mode) {
                    host.set_mode(mode);
                }
            }
            zxdg_toplevel_decoration_v1::Request::UnsetMode => host.unset_mode(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _d: &ZxdgToplevelDecorationV1,
        slot: &Decoration,
    ) {
        destroy(slot);
        session.quota.give(Kind::Object);
    }
}
