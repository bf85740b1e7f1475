//! Host objects of which a client needs exactly one, bound when its connection is ready.

use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_client::protocol::wl_registry::WlRegistry;
use wayland_client::protocol::wl_shm::WlShm;
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;
use wayland_client::{Proxy, QueueHandle};
use wayland_protocols::wp::cursor_shape::v1::client::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1;
use wayland_protocols::wp::viewporter::client::wp_viewporter::WpViewporter;
use wayland_protocols::wp::primary_selection::zv1::client::zwp_primary_selection_device_manager_v1::ZwpPrimarySelectionDeviceManagerV1;
use wayland_protocols::xdg::activation::v1::client::xdg_activation_v1::XdgActivationV1;
use wayland_protocols::xdg::shell::client::xdg_wm_base::XdgWmBase;

use super::registry::HostGlobals;
use crate::session::Session;

/// The managers that handlers reach for in passing.
#[derive(Debug)]
pub(crate) struct Singletons {
    pub(crate) compositor: WlCompositor,
    pub(crate) wm_base: XdgWmBase,
    pub(crate) subcompositor: Option<WlSubcompositor>,
    pub(crate) data_devices: Option<WlDataDeviceManager>,
    pub(crate) primary: Option<ZwpPrimarySelectionDeviceManagerV1>,
    pub(crate) activation: Option<XdgActivationV1>,
    pub(crate) viewporter: Option<WpViewporter>,
    pub(crate) cursor_shapes: Option<WpCursorShapeManagerV1>,
    pub(crate) shm: WlShm,
}

impl Singletons {
    /// Binds them; none if the host lacks what no window can do without.
    pub(crate) fn bind(
        globals: &HostGlobals,
        registry: &WlRegistry,
        qh: &QueueHandle<Session>,
    ) -> Option<Self> {
        Some(Self {
            compositor: one(globals, registry, qh)?,
            wm_base: one(globals, registry, qh)?,
            subcompositor: one(globals, registry, qh),
            data_devices: one(globals, registry, qh),
            primary: one(globals, registry, qh),
            activation: one(globals, registry, qh),
            viewporter: one(globals, registry, qh),
            cursor_shapes: one(globals, registry, qh),
            shm: one(globals, registry, qh)?,
        })
    }
}

fn one<I>(globals: &HostGlobals, registry: &WlRegistry, qh: &QueueHandle<Session>) -> Option<I>
where
    I: Proxy + 'static,
    Session: wayland_client::Dispatch<I, ()>,
{
    let (name, version) = globals.offered(I::interface().name)?;
    Some(registry.bind(name, version, qh, ()))
}
