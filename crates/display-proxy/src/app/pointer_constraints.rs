//! Locking and confining the pointer: the host grants it only to the focused surface, and the
//! user can always take it back.

use smithay::wayland::compositor::get_region_attributes;
use wayland_client::protocol::wl_pointer::WlPointer as HostPointer;
use wayland_client::protocol::wl_region::WlRegion as HostRegion;
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_confined_pointer_v1::ZwpConfinedPointerV1 as HostConfined;
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_locked_pointer_v1::ZwpLockedPointerV1 as HostLocked;
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_pointer_constraints_v1::ZwpPointerConstraintsV1 as HostConstraints;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_confined_pointer_v1::{
    self, ZwpConfinedPointerV1,
};
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_locked_pointer_v1::{
    self, ZwpLockedPointerV1,
};
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_pointer_constraints_v1::{
    self, ZwpPointerConstraintsV1,
};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_region::WlRegion;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::mirror::mirror_manager;
use crate::bridge::surfaces::{make_region, parts};
use crate::peer::{Peer, host_of, same};
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(ZwpPointerConstraintsV1 => HostConstraints);

impl Session {
    fn host_region(&self, surface: &WlSurface, region: Option<&WlRegion>) -> Option<HostRegion> {
        let parts = parts(&get_region_attributes(region?));
        let shift = self.shift(surface);
        make_region(&self.host.compositor, &self.qh, Some(&parts), shift)
    }
}

/// User data of a constraint.
#[derive(Debug)]
pub(crate) struct Constraint<P> {
    peer: Peer<P>,
    surface: WlSurface,
}

impl<P> Constraint<P> {
    fn on(surface: &WlSurface) -> Self {
        Self {
            peer: Peer::default(),
            surface: surface.clone(),
        }
    }
}

impl Dispatch<ZwpPointerConstraintsV1, Peer<HostConstraints>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        constraints: &ZwpPointerConstraintsV1,
        request: zwp_pointer_constraints_v1::Request,
        data: &Peer<HostConstraints>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(constraints);
        let Some(host) = data.get() else { return };
        match request {
            zwp_pointer_constraints_v1::Request::LockPointer {
                id,
                surface,
                pointer,
                region,
                lifetime,
            } => {
                let locked = data_init.init(id, Constraint::<HostLocked>::on(&surface));
                session.take(Kind::Object, &locked);
                let region = session.host_region(&surface, region.as_ref());
                if let (Some(surface), Some(pointer), Some(lifetime)) = (
                    session.host_surface(&surface),
                    host_of::<HostPointer>(&pointer),
                    same(lifetime),
                ) {
                    let made = host.lock_pointer(
                        surface,
                        pointer,
                        region.as_ref(),
                        lifetime,
                        &session.qh,
                        locked.clone(),
                    );
                    if let Some(data) = locked.data::<Constraint<HostLocked>>() {
                        data.peer.set(made);
                    }
                }
                region.inspect(HostRegion::destroy);
            }
            zwp_pointer_constraints_v1::Request::ConfinePointer {
                id,
                surface,
                pointer,
                region,
                lifetime,
            } => {
                let confined = data_init.init(id, Constraint::<HostConfined>::on(&surface));
                session.take(Kind::Object, &confined);
                let region = session.host_region(&surface, region.as_ref());
                if let (Some(surface), Some(pointer), Some(lifetime)) = (
                    session.host_surface(&surface),
                    host_of::<HostPointer>(&pointer),
                    same(lifetime),
                ) {
                    let made = host.confine_pointer(
                        surface,
                        pointer,
                        region.as_ref(),
                        lifetime,
                        &session.qh,
                        confined.clone(),
                    );
                    if let Some(data) = confined.data::<Constraint<HostConfined>>() {
                        data.peer.set(made);
                    }
                }
                region.inspect(HostRegion::destroy);
            }
            zwp_pointer_constraints_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _c: &ZwpPointerConstraintsV1,
        _d: &Peer<HostConstraints>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<ZwpLockedPointerV1, Constraint<HostLocked>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        locked: &ZwpLockedPointerV1,
        request: zwp_locked_pointer_v1::Request,
        data: &Constraint<HostLocked>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(locked);
        let Some(host) = data.peer.get() else { return };
        match request {
            zwp_locked_pointer_v1::Request::SetCursorPositionHint {
                surface_x,
                surface_y,
            } => {
                let (x, y) = session.shift(&data.surface);
                host.set_cursor_position_hint(surface_x - f64::from(x), surface_y - f64::from(y));
            }
            zwp_locked_pointer_v1::Request::SetRegion { region } => {
                let region = session.host_region(&data.surface, region.as_ref());
                host.set_region(region.as_ref());
                region.inspect(HostRegion::destroy);
            }
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _l: &ZwpLockedPointerV1,
        data: &Constraint<HostLocked>,
    ) {
        if let Some(host) = data.peer.get() {
            host.destroy();
        }
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<ZwpConfinedPointerV1, Constraint<HostConfined>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        confined: &ZwpConfinedPointerV1,
        request: zwp_confined_pointer_v1::Request,
        data: &Constraint<HostConfined>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(confined);
        let Some(host) = data.peer.get() else { return };
        if let zwp_confined_pointer_v1::Request::SetRegion { region } = request {
            let region = session.host_region(&data.surface, region.as_ref());
            host.set_region(region.as_ref());
            region.inspect(HostRegion::destroy);
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _c: &ZwpConfinedPointerV1,
        data: &Constraint<HostConfined>,
    ) {
        if let Some(host) = data.peer.get() {
            host.destroy();
        }
        session.quota.give(Kind::Object);
    }
}
