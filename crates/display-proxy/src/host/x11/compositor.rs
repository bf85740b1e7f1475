//! wl_compositor, wl_surface, wl_region, wl_subcompositor and wl_subsurface.

use std::sync::Mutex;

use wayland_server::backend::{ClientId, ObjectId};
use wayland_server::protocol::wl_callback::WlCallback;
use wayland_server::protocol::wl_compositor::{self, WlCompositor};
use wayland_server::protocol::wl_region::{self, WlRegion};
use wayland_server::protocol::wl_subcompositor::{self, WlSubcompositor};
use wayland_server::protocol::wl_subsurface::{self, WlSubsurface};
use wayland_server::protocol::wl_surface::{self, WlSurface};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource, WEnum};

use super::State;
use super::rect::{Rect, Region};
use super::surfaces::{Role, Surface};

impl Dispatch<WlCompositor, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _compositor: &WlCompositor,
        request: wl_compositor::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_compositor::Request::CreateSurface { id } => {
                let surface = data_init.init(id, ());
                if surface.version() >= 6 {
                    surface.preferred_buffer_scale(state.screen.scale);
                }
                state.surfaces.insert(surface.id(), Surface::new(surface));
            }
            wl_compositor::Request::CreateRegion { id } => {
                data_init.init(id, Mutex::new(Region::default()));
            }
            _ => {}
        }
    }
}

impl Dispatch<WlSurface, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        object: &WlSurface,
        request: wl_surface::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use wl_surface::Request;
        let picture = match &request {
            Request::Attach {
                buffer: Some(buffer),
                ..
            } => state.picture(buffer),
            _ => None,
        };
        let Some(surface) = state.surfaces.get_mut(&object.id()) else {
            return;
        };
        let pending = &mut surface.pending;
        match request {
            Request::Attach { x, y, .. } => {
                pending.picture = Some(picture);
                if object.version() < 5 {
                    pending.offset = (x, y);
                }
            }
            Request::Offset { x, y } => pending.offset = (x, y),
            Request::Damage {
                x,
                y,
                width,
                height,
            } => pending.damage.push(Rect::new(x, y, width, height)),
            Request::DamageBuffer {
                x,
                y,
                width,
                height,
            } => pending.buffer_damage.push(Rect::new(x, y, width, height)),
            Request::Frame { callback } => {
                let callback: WlCallback = data_init.init(callback, ());
                pending.callbacks.push(callback);
            }
            Request::SetOpaqueRegion { region } => {
                pending.opaque = Some(region.as_ref().and_then(parts));
            }
            Request::SetInputRegion { region } => {
                pending.input = Some(region.as_ref().and_then(parts));
            }
            Request::SetBufferScale { scale } => pending.scale = Some(scale),
            Request::SetBufferTransform { transform } => {
                pending.transform = transform.into_result().ok();
            }
            Request::Commit => state.commit(&object.id()),
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, object: &WlSurface, (): &()) {
        state.surface_gone(&object.id());
    }
}

impl Dispatch<WlCallback, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &WlCallback,
        _request: <WlCallback as Resource>::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // It has no requests.
    }
}

fn parts(region: &WlRegion) -> Option<Region> {
    let parts = region.data::<Mutex<Region>>()?.lock().ok()?;
    Some(parts.clone())
}

impl Dispatch<WlRegion, Mutex<Region>> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &WlRegion,
        request: wl_region::Request,
        data: &Mutex<Region>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        let Ok(mut region) = data.lock() else { return };
        match request {
            wl_region::Request::Add {
                x,
                y,
                width,
                height,
            } => region.0.push((true, Rect::new(x, y, width, height))),
            wl_region::Request::Subtract {
                x,
                y,
                width,
                height,
            } => region.0.push((false, Rect::new(x, y, width, height))),
            _ => {}
        }
    }
}

impl Dispatch<WlSubcompositor, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WlSubcompositor,
        request: wl_subcompositor::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let wl_subcompositor::Request::GetSubsurface {
            id,
            surface,
            parent,
        } = request
        else {
            return;
        };
        data_init.init(id, surface.id());
        if let Some(child) = state.surfaces.get_mut(&surface.id()) {
            child.role = Role::Subsurface;
            child.parent = Some(parent.id());
            child.place = (0, 0);
            child.synchronized = true;
        }
        if let Some(parent) = state.surfaces.get_mut(&parent.id()) {
            parent.order.push(surface.id());
            if let Some(order) = &mut parent.pending.order {
                order.push(surface.id());
            }
        }
    }
}

impl Dispatch<WlSubsurface, ObjectId> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WlSubsurface,
        request: wl_subsurface::Request,
        id: &ObjectId,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use wl_subsurface::Request;
        let Some(parent) = state.surfaces.get(id).and_then(|it| it.parent.clone()) else {
            return;
        };
        match request {
            Request::SetPosition { x, y } => {
                if let Some(parent) = state.surfaces.get_mut(&parent) {
                    parent.pending.places.push((id.clone(), (x, y)));
                }
            }
            Request::PlaceAbove { sibling } => state.restack(&parent, id, &sibling.id(), 1),
            Request::PlaceBelow { sibling } => state.restack(&parent, id, &sibling.id(), 0),
            Request::SetSync => state.synchronize(id, true),
            Request::SetDesync => state.synchronize(id, false),
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, _object: &WlSubsurface, id: &ObjectId) {
        state.subsurface_gone(id);
    }
}

impl State {
    fn synchronize(&mut self, id: &ObjectId, synchronized: bool) {
        if let Some(surface) = self.surfaces.get_mut(id) {
            surface.synchronized = synchronized;
        }
        if !synchronized {
            // What waited comes into force at once.
            self.commit_waiting(id);
        }
    }

    fn restack(&mut self, parent: &ObjectId, id: &ObjectId, sibling: &ObjectId, above: usize) {
        let Some(parent) = self.surfaces.get_mut(parent) else {
            return;
        };
        let order = parent
            .pending
            .order
            .get_or_insert_with(|| parent.order.clone());
        order.retain(|one| one != id);
        let at = order.iter().position(|one| one == sibling);
        let at = at.map_or(order.len(), |at| at + above);
        order.insert(at, id.clone());
    }
}

/// The same number in this side's enum.
pub(super) fn known<T>(value: WEnum<T>) -> Option<T> {
    value.into_result().ok()
}
