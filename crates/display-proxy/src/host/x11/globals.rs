//! What this compositor offers to the bridge.

use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_pointer_constraints_v1::ZwpPointerConstraintsV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation::WpPresentation;
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_manager_v1::ZwpPrimarySelectionDeviceManagerV1;
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_manager_v1::ZwpRelativePointerManagerV1;
use wayland_protocols::wp::single_pixel_buffer::v1::server::wp_single_pixel_buffer_manager_v1::WpSinglePixelBufferManagerV1;
use wayland_protocols::wp::viewporter::server::wp_viewporter::WpViewporter;
use wayland_protocols::xdg::activation::v1::server::xdg_activation_v1::XdgActivationV1;
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1;
use wayland_protocols::xdg::shell::server::xdg_wm_base::XdgWmBase;
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1;
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_manager_v1::ZxdgOutputManagerV1;
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration_manager::OrgKdeKwinServerDecorationManager;
use wayland_server::protocol::wl_compositor::WlCompositor;
use wayland_server::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_server::protocol::wl_seat::WlSeat;
use wayland_server::protocol::wl_shm::WlShm;
use wayland_server::protocol::wl_subcompositor::WlSubcompositor;
use wayland_server::{Client, DataInit, DisplayHandle, GlobalDispatch, New};

use super::State;

/// Managers that have nothing to say when they are bound.
macro_rules! silent {
    ($($manager:ty),* $(,)?) => {$(
        impl GlobalDispatch<$manager, ()> for State {
            fn bind(
                _state: &mut Self,
                _dh: &DisplayHandle,
                _client: &Client,
                resource: New<$manager>,
                (): &(),
                data_init: &mut DataInit<'_, Self>,
            ) {
                data_init.init(resource, ());
            }
        }
    )*};
}

silent!(
    ZwpRelativePointerManagerV1,
    ZwpPointerConstraintsV1,
    WlCompositor,
    WlSubcompositor,
    ZxdgOutputManagerV1,
    WlDataDeviceManager,
    ZwpPrimarySelectionDeviceManagerV1,
    WpViewporter,
    WpSinglePixelBufferManagerV1,
    WpCursorShapeManagerV1,
    XdgActivationV1,
    ZxdgDecorationManagerV1,
);

impl GlobalDispatch<XdgWmBase, ()> for State {
    fn bind(
        state: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<XdgWmBase>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let base = data_init.init(resource, ());
        // The bridge has one.
        state.base.get_or_insert(base);
    }
}

impl State {
    /// Offers everything.
    pub(super) fn offer(&mut self) {
        let dh = self.dh.clone();
        dh.create_global::<Self, WlCompositor, _>(6, ());
        dh.create_global::<Self, WlSubcompositor, _>(1, ());
        dh.create_global::<Self, WlShm, _>(1, ());
        dh.create_global::<Self, XdgWmBase, _>(6, ());
        dh.create_global::<Self, WlSeat, _>(8, ());
        dh.create_global::<Self, WlDataDeviceManager, _>(3, ());
        dh.create_global::<Self, ZwpPrimarySelectionDeviceManagerV1, _>(1, ());
        dh.create_global::<Self, ZxdgOutputManagerV1, _>(3, ());
        dh.create_global::<Self, WpViewporter, _>(1, ());
        dh.create_global::<Self, WpSinglePixelBufferManagerV1, _>(1, ());
        dh.create_global::<Self, WpPresentation, _>(1, ());
        dh.create_global::<Self, WpCursorShapeManagerV1, _>(1, ());
        dh.create_global::<Self, ZwpRelativePointerManagerV1, _>(1, ());
        dh.create_global::<Self, ZwpPointerConstraintsV1, _>(1, ());
        dh.create_global::<Self, ZxdgDecorationManagerV1, _>(1, ());
        dh.create_global::<Self, OrgKdeKwinServerDecorationManager, _>(1, ());
        dh.create_global::<Self, XdgActivationV1, _>(1, ());
        dh.create_global::<Self, XdgToplevelIconManagerV1, _>(1, ());
        self.offer_outputs();
    }
}
