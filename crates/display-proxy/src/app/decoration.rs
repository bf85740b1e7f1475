//! Who draws a window's frame: the app asks, the host decides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
use crate::peer::{Peer, manager_of, same};
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(ZxdgDecorationManagerV1 => HostManager);

/// A decoration, until its window goes: the host wants it destroyed before that.
pub(crate) type Decoration = Arc<Slot>;

/// User data of a decoration.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    host: Peer<HostDecoration>,
    asked: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    /// Who shall draw the frame, if the app has said it.
    mode: Option<u32>,
    /// The decoration is gone, or its window is.
    gone: bool,
}

impl Slot {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Destroys the host's decoration, from whichever side comes first.
    pub(crate) fn destroy(&self) {
        self.asked().gone = true;
        self.host.take().inspect(HostDecoration::destroy);
    }
}

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
                let surface = session
                    .xdg
                    .get_toplevel(&toplevel)
                    .map(|app| app.wl_surface().clone());
                let Some(surface) = surface else { return };
                let Some(window) = session.toplevel_mut(&surface) else {
                    return;
                };
                if window
                    .decoration
                    .as_ref()
                    .is_some_and(|old| !old.asked().gone)
                {
                    let code = zxdg_toplevel_decoration_v1::Error::AlreadyConstructed;
                    decoration.post_error(code, "the window has a decoration already");
                    session.end("made a second decoration for a window");
                    return;
                }
                window.decoration = Some(slot.clone());
                let manager = manager.clone();
                let weak = Arc::downgrade(&slot);
                session.link(&decoration, &slot.host, move |session, of| {
                    let slot = weak.upgrade()?;
                    let asked = slot.asked();
                    if asked.gone {
                        return None;
                    }
                    let manager = manager_of::<HostManager>(session, &manager)?;
                    let (window, of) = (session.toplevel(&surface)?, of.clone());
                    let host = manager.get_toplevel_decoration(&window.host, &session.qh, of);
                    if let Some(mode) = asked.mode.and_then(same) {
                        host.set_mode(mode);
                    }
                    Some(host)
                });
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
        let host = slot.host.get();
        match request {
            zxdg_toplevel_decoration_v1::Request::SetMode { mode } => {
                if let Some(known) = same(mode) {
                    slot.asked().mode = Some(mode.into());
                    host.inspect(|host| host.set_mode(known));
                }
            }
            zxdg_toplevel_decoration_v1::Request::UnsetMode => {
                slot.asked().mode = None;
                host.inspect(HostDecoration::unset_mode);
            }
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _d: &ZxdgToplevelDecorationV1,
        slot: &Decoration,
    ) {
        slot.destroy();
        session.quota.give(Kind::Object);
    }
}
