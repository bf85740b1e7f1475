//! Relative motion, and constraints that take effect or end.

use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols::wp::cursor_shape::v1::client::wp_cursor_shape_device_v1::WpCursorShapeDeviceV1;
use wayland_protocols::wp::cursor_shape::v1::client::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1;
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_confined_pointer_v1::{
    self, ZwpConfinedPointerV1 as HostConfined,
};
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_locked_pointer_v1::{
    self, ZwpLockedPointerV1 as HostLocked,
};
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_pointer_constraints_v1::ZwpPointerConstraintsV1;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_confined_pointer_v1::ZwpConfinedPointerV1;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_locked_pointer_v1::ZwpLockedPointerV1;
use wayland_protocols::wp::relative_pointer::zv1::client::zwp_relative_pointer_manager_v1::ZwpRelativePointerManagerV1;
use wayland_protocols::wp::relative_pointer::zv1::client::zwp_relative_pointer_v1::{
    self, ZwpRelativePointerV1 as HostRelative,
};
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_v1::ZwpRelativePointerV1;
use wayland_server::Resource;

use crate::app::pointer_constraints::Constraint;
use crate::session::Session;

delegate_noop!(Session: WpCursorShapeManagerV1);
delegate_noop!(Session: WpCursorShapeDeviceV1);
delegate_noop!(Session: ZwpRelativePointerManagerV1);
delegate_noop!(Session: ZwpPointerConstraintsV1);

impl Dispatch<HostRelative, ZwpRelativePointerV1> for Session {
    fn event(
        session: &mut Self,
        _host: &HostRelative,
        event: zwp_relative_pointer_v1::Event,
        relative: &ZwpRelativePointerV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let zwp_relative_pointer_v1::Event::RelativeMotion {
            utime_hi,
            utime_lo,
            dx,
            dy,
            dx_unaccel,
            dy_unaccel,
        } = event
        {
            let (dx, dy) = session.density.up_at((dx, dy));
            relative.relative_motion(utime_hi, utime_lo, dx, dy, dx_unaccel, dy_unaccel);
        }
    }
}

impl Dispatch<HostLocked, ZwpLockedPointerV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostLocked,
        event: zwp_locked_pointer_v1::Event,
        locked: &ZwpLockedPointerV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        let active = matches!(event, zwp_locked_pointer_v1::Event::Locked);
        if let Some(data) = locked.data::<Constraint<HostLocked>>() {
            data.activate(active);
        }
        if active {
            locked.locked();
        } else {
            locked.unlocked();
        }
    }
}

impl Dispatch<HostConfined, ZwpConfinedPointerV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostConfined,
        event: zwp_confined_pointer_v1::Event,
        confined: &ZwpConfinedPointerV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        let active = matches!(event, zwp_confined_pointer_v1::Event::Confined);
        if let Some(data) = confined.data::<Constraint<HostConfined>>() {
            data.activate(active);
        }
        if active {
            confined.confined();
        } else {
            confined.unconfined();
        }
    }
}
