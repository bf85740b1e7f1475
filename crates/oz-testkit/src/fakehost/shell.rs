//! Windows and popups.

use std::sync::PoisonError;

use wayland_protocols::xdg::shell::server::xdg_popup::{self, XdgPopup};
use wayland_protocols::xdg::shell::server::xdg_positioner::{self, XdgPositioner};
use wayland_protocols::xdg::shell::server::xdg_surface::{self, XdgSurface};
use wayland_protocols::xdg::shell::server::xdg_toplevel::{self, XdgToplevel};
use wayland_protocols::xdg::shell::server::xdg_wm_base::{self, XdgWmBase};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::surface::{Surface, global, requests};
use super::{FakeHost, Host, Seen};

/// What a surface is, and how far its first configure has come.
#[derive(Debug)]
pub(crate) struct Role {
    xdg: XdgSurface,
    toplevel: Option<XdgToplevel>,
    popup: Option<XdgPopup>,
    /// Serials that are not acknowledged.
    sent: Vec<u32>,
    configured: bool,
    acked: bool,
    min: (i32, i32),
    max: (i32, i32),
}

impl Role {
    /// What was told is told.
    fn finish(&mut self, host: &mut Host) {
        let serial = host.next_serial();
        self.xdg.configure(serial);
        self.sent.push(serial);
    }

    /// A window that shows nothing any more starts over.
    pub(crate) fn hide(&mut self) {
        self.sent.clear();
        self.configured = false;
        self.acked = false;
    }

    /// The rules of a commit; false when the client was thrown out.
    pub(crate) fn commit(
        &mut self,
        host: &mut Host,
        _surface: &WlSurface,
        has_buffer: bool,
    ) -> bool {
        if has_buffer && !self.acked {
            self.xdg.post_error(
                xdg_surface::Error::UnconfiguredBuffer,
                "a buffer before the first ack",
            );
            return false;
        }
        let below = |max: i32, min: i32| max > 0 && max < min;
        if let Some(toplevel) = &self.toplevel
            && (below(self.max.0, self.min.0) || below(self.max.1, self.min.1))
        {
            toplevel.post_error(xdg_toplevel::Error::InvalidSize, "max below min");
            return false;
        }
        if !self.configured {
            if let Some(toplevel) = &self.toplevel {
                let (width, height) = host.window_size;
                toplevel.configure(width, height, Vec::new());
            }
            if let Some(popup) = &self.popup {
                popup.configure(10, 20, 30, 40);
            }
            self.finish(host);
            self.configured = true;
        }
        true
    }
}

global!(XdgWmBase);

requests!(XdgPopup, WlSurface, |host,
                                popup,
                                request,
                                surface,
                                _init| {
    if let xdg_popup::Request::Reposition { token, .. } = request {
        popup.repositioned(token);
        popup.configure(11, 21, 31, 41);
        let data = surface
            .data::<Surface>()
            .expect("every surface has its data");
        let mut state = data.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(role) = &mut state.shell {
            role.finish(host);
        }
    }
});

/// What a window is told.
#[derive(Debug, Default, Clone)]
pub struct Configure {
    /// Width and height; 0 leaves it to the client.
    pub size: (i32, i32),
    /// What it is now, as numbers of the protocol.
    pub states: Vec<u32>,
    /// How large it should be at most.
    pub bounds: Option<(i32, i32)>,
    /// What the host can do with it, as numbers of the protocol.
    pub capabilities: Option<Vec<u32>>,
}

impl FakeHost {
    /// Tells the newest window something.
    pub fn configure(&self, told: Configure) {
        self.have(move |host, _| {
            let Some(focus) = host.focus.clone() else {
                return;
            };
            let data = focus.data::<Surface>().expect("every surface has its data");
            let mut state = data.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(role) = &mut state.shell else { return };
            let Some(toplevel) = &role.toplevel else {
                return;
            };
            let bytes = |words: Vec<u32>| words.into_iter().flat_map(u32::to_ne_bytes).collect();
            if let Some((width, height)) = told.bounds {
                toplevel.configure_bounds(width, height);
            }
            if let Some(capabilities) = told.capabilities {
                toplevel.wm_capabilities(bytes(capabilities));
            }
            toplevel.configure(told.size.0, told.size.1, bytes(told.states));
            role.finish(host);
        });
    }
}

impl Dispatch<XdgPositioner, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _positioner: &XdgPositioner,
        request: xdg_positioner::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_positioner::Request::SetSize { width, height } => {
                host.saw(Seen::PopupSize(width, height));
            }
            xdg_positioner::Request::SetAnchorRect {
                x,
                y,
                width,
                height,
            } => host.saw(Seen::Anchor([x, y, width, height])),
            _ => {}
        }
    }
}

impl Dispatch<XdgWmBase, ()> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _wm_base: &XdgWmBase,
        request: xdg_wm_base::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_wm_base::Request::CreatePositioner { id } => {
                data_init.init(id, ());
            }
            xdg_wm_base::Request::GetXdgSurface { id, surface } => {
                data_init.init(id, surface);
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgSurface, WlSurface> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        xdg: &XdgSurface,
        request: xdg_surface::Request,
        surface: &WlSurface,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let Some(data) = surface.data::<Surface>() else {
            return;
        };
        let mut state = data.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (toplevel, popup) = match request {
            xdg_surface::Request::GetToplevel { id } => {
                host.saw(Seen::Toplevel);
                (Some(data_init.init(id, surface.clone())), None)
            }
            xdg_surface::Request::GetPopup { id, .. } => {
                host.saw(Seen::Popup);
                (None, Some(data_init.init(id, surface.clone())))
            }
            xdg_surface::Request::SetWindowGeometry {
                x,
                y,
                width,
                height,
            } => {
                if width <= 0 || height <= 0 {
                    xdg.post_error(xdg_surface::Error::InvalidSize, "no size");
                }
                if state.shell.is_none() {
                    xdg.post_error(xdg_surface::Error::NotConstructed, "no role");
                }
                state.geometry = Some([x, y, width, height]);
                return;
            }
            xdg_surface::Request::AckConfigure { serial } => {
                match &mut state.shell {
                    Some(role) if role.sent.contains(&serial) => {
                        role.sent.retain(|sent| *sent > serial);
                        role.acked = true;
                    }
                    _ => xdg.post_error(
                        xdg_surface::Error::InvalidSerial,
                        "a serial that was never sent",
                    ),
                }
                return;
            }
            _ => return,
        };
        if state.shell.is_some() {
            xdg.post_error(
                xdg_surface::Error::AlreadyConstructed,
                "a second role object reached the host",
            );
            return;
        }
        state.shell = Some(Role {
            xdg: xdg.clone(),
            toplevel,
            popup,
            sent: Vec::new(),
            configured: false,
            acked: false,
            min: (0, 0),
            max: (0, 0),
        });
    }
}

impl Dispatch<XdgToplevel, WlSurface> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        toplevel: &XdgToplevel,
        request: xdg_toplevel::Request,
        surface: &WlSurface,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use xdg_toplevel::Request;
        let data = surface.data::<Surface>();
        let state = data.map(|data| data.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut state = state.expect("every surface has its data");
        match request {
            Request::SetTitle { title } => host.saw(Seen::Title(title)),
            Request::SetAppId { app_id } => host.saw(Seen::AppId(app_id)),
            Request::Move { serial, .. } => host.saw(Seen::Move(serial)),
            Request::SetMinSize { width, height } | Request::SetMaxSize { width, height }
                if width < 0 || height < 0 =>
            {
                toplevel.post_error(xdg_toplevel::Error::InvalidSize, "negative");
            }
            Request::SetFullscreen { .. } => host.saw(Seen::Fullscreen),
            Request::SetMinSize { width, height } => {
                host.saw(Seen::MinSize(width, height));
                if let Some(role) = &mut state.shell {
                    role.min = (width, height);
                }
            }
            Request::SetMaxSize { width, height } => {
                if let Some(role) = &mut state.shell {
                    role.max = (width, height);
                }
            }
            Request::SetParent { parent } if parent.as_ref() == Some(toplevel) => {
                toplevel.post_error(xdg_toplevel::Error::InvalidParent, "its own parent");
            }
            Request::SetParent { parent } => {
                drop(state);
                let parent = parent.as_ref().and_then(Resource::data::<WlSurface>);
                let data = parent.and_then(Resource::data::<Surface>);
                let has_picture = data.map(|data| {
                    let state = data.0.lock().unwrap_or_else(PoisonError::into_inner);
                    state.size().is_some()
                });
                host.saw(Seen::Parent(has_picture));
            }
            Request::Destroy => state.shell = None,
            _ => {}
        }
    }
}
