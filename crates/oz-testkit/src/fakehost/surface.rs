//! Surfaces, regions and subsurfaces.

use std::sync::{Arc, Mutex, PoisonError};

use wayland_protocols::wp::viewporter::server::wp_viewporter::{self, WpViewporter};
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_callback::{self, WlCallback};
use wayland_server::protocol::wl_compositor::{self, WlCompositor};
use wayland_server::protocol::wl_region::{self, WlRegion};
use wayland_server::protocol::wl_subcompositor::{self, WlSubcompositor};
use wayland_server::protocol::wl_subsurface::{self, WlSubsurface};
use wayland_server::protocol::wl_surface::{self, WlSurface};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::tree::Op;
use super::{Host, Seen, has, layers, shell, shm, surfaces};

/// What a surface has pending, and what it is.
#[derive(Debug, Default)]
pub(crate) struct Surface(pub(crate) Mutex<State>);

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Which of its client's surfaces it is.
    number: usize,
    buffer: Option<Option<WlBuffer>>,
    callbacks: Vec<WlCallback>,
    damage: usize,
    pub(crate) shell: Option<shell::Role>,
    /// Itself and its subsurfaces, from the lowest to the highest; empty without any.
    pub(crate) stack: Vec<WlSurface>,
    pub(crate) parent: Option<WlSurface>,
    /// Where it is on its parent.
    pub(crate) at: (i32, i32),
    shown: Option<(i32, i32)>,
    pub(crate) first: u32,
    scale: i32,
    pub(crate) destination: Option<(i32, i32)>,
    /// The window's, as the client has said it.
    pub(crate) geometry: Option<[i32; 4]>,
}

impl State {
    /// In logical pixels.
    pub(crate) fn size(&self) -> Option<(i32, i32)> {
        let (w, h) = self.shown?;
        let scale = self.scale.max(1);
        Some(self.destination.unwrap_or((w / scale, h / scale)))
    }
}

macro_rules! global {
    ($interface:ty) => {
        impl GlobalDispatch<$interface, ()> for Host {
            fn bind(
                _host: &mut Self,
                _dh: &DisplayHandle,
                _client: &Client,
                resource: New<$interface>,
                (): &(),
                data_init: &mut DataInit<'_, Self>,
            ) {
                data_init.init(resource, ());
            }
        }
    };
}
pub(crate) use global;

/// An object of which nothing is asked that a test looks at.
macro_rules! inert {
    ($interface:ty, $request:ty) => {
        impl wayland_server::Dispatch<$interface, ()> for crate::fakehost::Host {
            fn request(
                _host: &mut Self,
                _client: &wayland_server::Client,
                _resource: &$interface,
                _request: $request,
                (): &(),
                _dh: &wayland_server::DisplayHandle,
                _data_init: &mut wayland_server::DataInit<'_, Self>,
            ) {
            }
        }
    };
}
pub(crate) use inert;

/// The requests of an interface.
macro_rules! requests {
    ($interface:ty, $data:ty, |$host:ident, $object:ident, $request:ident, $state:ident, $init:ident| $body:expr) => {
        impl wayland_server::Dispatch<$interface, $data> for $crate::fakehost::Host {
            fn request(
                $host: &mut Self,
                _client: &wayland_server::Client,
                $object: &$interface,
                $request: <$interface as wayland_server::Resource>::Request,
                $state: &$data,
                _dh: &wayland_server::DisplayHandle,
                $init: &mut wayland_server::DataInit<'_, Self>,
            ) {
                $body
            }
        }
    };
}
pub(crate) use requests;

global!(WlCompositor);
global!(WlSubcompositor);
global!(WpViewporter);
inert!(WlRegion, wl_region::Request);
inert!(WlCallback, wl_callback::Request);

/// The number of a surface among its client's.
fn number(surface: &WlSurface) -> usize {
    let data = surface
        .data::<Surface>()
        .expect("every surface has its data");
    data.0.lock().unwrap_or_else(PoisonError::into_inner).number
}

impl Dispatch<WlCompositor, ()> for Host {
    fn request(
        host: &mut Self,
        client: &Client,
        _compositor: &WlCompositor,
        request: wl_compositor::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_compositor::Request::CreateSurface { id } => {
                host.newest = Arc::clone(surfaces(client));
                let made = host
                    .newest
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .made();
                let state = State {
                    number: made,
                    ..State::default()
                };
                has(client, &Op::Surface);
                data_init.init(id, Surface(Mutex::new(state)));
            }
            wl_compositor::Request::CreateRegion { id } => {
                data_init.init(id, ());
            }
            _ => {}
        }
    }
}

impl Dispatch<WlSubcompositor, ()> for Host {
    fn request(
        host: &mut Self,
        client: &Client,
        _subcompositor: &WlSubcompositor,
        request: wl_subcompositor::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wl_subcompositor::Request::GetSubsurface {
            id,
            surface,
            parent,
        } = request
        {
            host.saw(Seen::Subsurface);
            let subsurface = data_init.init(id, surface.clone());
            let op = Op::Subsurface(number(&surface), number(&parent));
            layers::add(&surface, &parent);
            if !has(client, &op) {
                subsurface.post_error(wl_subcompositor::Error::BadSurface, "no subsurface");
            }
        }
    }
}

impl Dispatch<WlSubsurface, WlSurface> for Host {
    fn request(
        _host: &mut Self,
        client: &Client,
        subsurface: &WlSubsurface,
        request: wl_subsurface::Request,
        surface: &WlSurface,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use wl_subsurface::Request;
        let number = number(surface);
        let other = |other: &WlSurface| self::number(other);
        let op = match &request {
            Request::SetPosition { x, y } => Op::Position(number, (*x, *y)),
            Request::PlaceAbove { sibling } => Op::Place(number, true, other(sibling)),
            Request::PlaceBelow { sibling } => Op::Place(number, false, other(sibling)),
            Request::SetSync => Op::Sync(number, true),
            Request::SetDesync => Op::Sync(number, false),
            _ => Op::Leave(number),
        };
        layers::change(surface, &request);
        // Of one whose surface or parent is gone nothing is seen, and nothing is wrong.
        let places = matches!(op, Op::Place(..));
        if !has(client, &op) && places {
            subsurface.post_error(wl_subsurface::Error::BadSurface, "a stranger");
        }
    }
}

impl Dispatch<WlSurface, Surface> for Host {
    fn request(
        host: &mut Self,
        client: &Client,
        surface: &WlSurface,
        request: wl_surface::Request,
        data: &Surface,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let mut state = data.0.lock().unwrap_or_else(PoisonError::into_inner);
        match request {
            wl_surface::Request::Attach { buffer, .. } => {
                let pixel = buffer.as_ref().and_then(shm::first_pixel);
                has(client, &Op::Attach(state.number, pixel));
                state.buffer = Some(buffer);
            }
            wl_surface::Request::SetBufferScale { scale } => {
                state.scale = scale;
                has(client, &Op::Scale(state.number, scale));
            }
            wl_surface::Request::Destroy => {
                // Its role may go after it.
                has(client, &Op::Leave(state.number));
                has(client, &Op::Destroy(state.number));
            }
            wl_surface::Request::Frame { callback } => {
                state.callbacks.push(data_init.init(callback, ()))
            }
            wl_surface::Request::Damage { .. } | wl_surface::Request::DamageBuffer { .. } => {
                state.damage += 1
            }
            wl_surface::Request::Commit => {
                let damage = std::mem::take(&mut state.damage);
                let buffer = state.buffer.take();
                if let Some(role) = &mut state.shell
                    && !role.commit(host, surface, matches!(buffer, Some(Some(_))))
                {
                    return;
                }
                if state.shell.is_some() {
                    host.focus = Some(surface.clone());
                }
                state
                    .callbacks
                    .drain(..)
                    .for_each(|callback| callback.done(1));
                has(client, &Op::Commit(state.number));
                match &buffer {
                    Some(Some(buffer)) => {
                        if let Some((size, first)) = shm::looks(buffer) {
                            state.shown = Some(size);
                            state.first = first;
                        }
                    }
                    Some(None) => {
                        let was_shown = state.shown.take().is_some();
                        if let Some(role) = state.shell.as_mut().filter(|_| was_shown) {
                            role.hide();
                        }
                    }
                    None => {}
                }
                let geometry = state.geometry;
                let window = state.shell.is_some() && state.stack.len() > 1;
                drop(state);
                if window {
                    let layers = layers::layers(surface);
                    host.saw(Seen::Window { geometry, layers });
                }
                match buffer {
                    Some(Some(buffer)) => shm::show(host, &buffer, damage),
                    _ => host.saw(Seen::Commit),
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<WpViewporter, ()> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _viewporter: &WpViewporter,
        request: wp_viewporter::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wp_viewporter::Request::GetViewport { id, surface } = request {
            data_init.init(id, surface);
        }
    }
}
