//! Locking and confining the pointer: the host grants it only to the focused surface, and the
//! user can always take it back.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
    self, Lifetime, ZwpPointerConstraintsV1,
};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_region::WlRegion;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource, WEnum};

use super::mirror::mirror_manager;
use crate::bridge::surfaces::{RegionPart, make_region, parts};
use crate::peer::{Peer, host_of, manager_of, same};
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(ZwpPointerConstraintsV1 => HostConstraints);

/// User data of a constraint.
#[derive(Debug)]
pub(crate) struct Constraint<P> {
    peer: Peer<P>,
    surface: WlSurface,
    /// It takes effect once.
    once: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Where on the surface; absent: everywhere.
    region: Option<Vec<RegionPart>>,
    active: bool,
    over: bool,
}

fn region_parts(region: Option<&WlRegion>) -> Option<Vec<RegionPart>> {
    region.map(|region| parts(&get_region_attributes(region)))
}

impl<P> Constraint<P> {
    fn on(surface: &WlSurface, region: Option<&WlRegion>, once: bool) -> Self {
        Self {
            peer: Peer::default(),
            surface: surface.clone(),
            once,
            state: Mutex::new(State {
                region: region_parts(region),
                active: false,
                over: false,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It takes effect, or has none any more; whether that is news.
    pub(crate) fn activate(&self, active: bool) -> bool {
        let mut state = self.state();
        let changes = std::mem::replace(&mut state.active, active) != active;
        state.over |= self.once && changes && !active;
        changes
    }
}

impl Session {
    /// Where a constraint is, in the host's coordinates.
    fn region_of<P>(&self, constraint: &Constraint<P>) -> Option<HostRegion> {
        let shift = self.shift(&constraint.surface);
        let state = constraint.state();
        let (compositor, qh) = (&self.host.compositor, &self.qh);
        let region = state.region.clone();
        let region = region.map(|parts| self.density.more(parts));
        make_region(compositor, qh, region.as_deref(), shift)
    }

    /// Relays that a constraint is somewhere else now.
    fn moved<P>(
        &self,
        constraint: &Constraint<P>,
        region: Option<&WlRegion>,
        set: impl FnOnce(&P, Option<&HostRegion>),
    ) where
        P: Clone,
    {
        constraint.state().region = region_parts(region);
        if let Some(host) = constraint.peer.get() {
            let region = self.region_of(constraint);
            set(&host, region.as_ref());
            region.inspect(HostRegion::destroy);
        }
    }
}

/// Gives an app's constraint its host object. The two kinds differ in one word.
macro_rules! constrain {
    ($session:ident, $manager:ident, $made:ident, $host:ty, $make:ident, $surface:ident, $pointer:ident, $lifetime:ident) => {
        if let Some(data) = $made.data::<Constraint<$host>>() {
            let manager = $manager.clone();
            $session.link(&$made, &data.peer, move |session, of| {
                let made = of.clone();
                let data = made.data::<Constraint<$host>>()?;
                if data.state().over {
                    return None;
                }
                let manager = manager_of::<HostConstraints>(session, &manager)?;
                let surface = session.host_surface(&$surface)?;
                let pointer = host_of::<HostPointer>(&$pointer)?;
                let region = session.region_of(data);
                let of = made.clone();
                let host = manager.$make(
                    surface,
                    &pointer,
                    region.as_ref(),
                    same($lifetime)?,
                    &session.qh,
                    of,
                );
                region.inspect(HostRegion::destroy);
                Some(host)
            });
        }
    };
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
                let once = is_once(lifetime);
                let data = Constraint::<HostLocked>::on(&surface, region.as_ref(), once);
                let locked = data_init.init(id, data);
                session.take(Kind::Object, &locked);
                constrain!(
                    session,
                    constraints,
                    locked,
                    HostLocked,
                    lock_pointer,
                    surface,
                    pointer,
                    lifetime
                );
            }
            zwp_pointer_constraints_v1::Request::ConfinePointer {
                id,
                surface,
                pointer,
                region,
                lifetime,
            } => {
                let once = is_once(lifetime);
                let data = Constraint::<HostConfined>::on(&surface, region.as_ref(), once);
                let confined = data_init.init(id, data);
                session.take(Kind::Object, &confined);
                constrain!(
                    session,
                    constraints,
                    confined,
                    HostConfined,
                    confine_pointer,
                    surface,
                    pointer,
                    lifetime
                );
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

fn is_once(lifetime: WEnum<Lifetime>) -> bool {
    lifetime == WEnum::Value(Lifetime::Oneshot)
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
        match request {
            zwp_locked_pointer_v1::Request::SetCursorPositionHint {
                surface_x,
                surface_y,
            } => {
                let (x, y) = session.shift(&data.surface);
                let at = session.density.down_at((surface_x, surface_y));
                let (x, y) = (at.0 - f64::from(x), at.1 - f64::from(y));
                if let Some(host) = data.peer.get() {
                    host.set_cursor_position_hint(x, y);
                }
            }
            zwp_locked_pointer_v1::Request::SetRegion { region } => {
                session.moved(data, region.as_ref(), HostLocked::set_region);
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
        if let Some(host) = data.peer.take() {
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
        if let zwp_confined_pointer_v1::Request::SetRegion { region } = request {
            session.moved(data, region.as_ref(), HostConfined::set_region);
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _c: &ZwpConfinedPointerV1,
        data: &Constraint<HostConfined>,
    ) {
        if let Some(host) = data.peer.take() {
            host.destroy();
        }
        session.quota.give(Kind::Object);
    }
}
