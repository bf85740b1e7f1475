//! Offers to the app what the host offers, as far as it is on the allow list.

use smithay::reexports::wayland_protocols::xdg::shell::server::xdg_wm_base::XdgWmBase;
use tracing::warn;
use wayland_protocols::wp::alpha_modifier::v1::server::wp_alpha_modifier_v1::WpAlphaModifierV1;
use wayland_protocols::wp::content_type::v1::server::wp_content_type_manager_v1::WpContentTypeManagerV1;
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1;
use wayland_protocols::wp::idle_inhibit::zv1::server::zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibit_manager_v1::ZwpKeyboardShortcutsInhibitManagerV1;
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_dmabuf_v1::ZwpLinuxDmabufV1;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_pointer_constraints_v1::ZwpPointerConstraintsV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation::WpPresentation;
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_manager_v1::ZwpPrimarySelectionDeviceManagerV1;
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_manager_v1::ZwpRelativePointerManagerV1;
use wayland_protocols::wp::single_pixel_buffer::v1::server::wp_single_pixel_buffer_manager_v1::WpSinglePixelBufferManagerV1;
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::wp::viewporter::server::wp_viewporter::WpViewporter;
use wayland_protocols::xdg::activation::v1::server::xdg_activation_v1::XdgActivationV1;
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1;
use wayland_protocols::xdg::dialog::v1::server::xdg_wm_dialog_v1::XdgWmDialogV1;
use wayland_protocols::xdg::foreign::zv1::server::zxdg_exporter_v1::ZxdgExporterV1;
use wayland_protocols::xdg::foreign::zv1::server::zxdg_importer_v1::ZxdgImporterV1;
use wayland_protocols::xdg::foreign::zv2::server::zxdg_exporter_v2::ZxdgExporterV2;
use wayland_protocols::xdg::foreign::zv2::server::zxdg_importer_v2::ZxdgImporterV2;
use wayland_protocols::xdg::system_bell::v1::server::xdg_system_bell_v1::XdgSystemBellV1;
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1;
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_manager_v1::ZxdgOutputManagerV1;
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration_manager::OrgKdeKwinServerDecorationManager;
use wayland_server::backend::GlobalId;
use wayland_server::protocol::wl_compositor::WlCompositor;
use wayland_server::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_server::protocol::wl_output::WlOutput;
use wayland_server::protocol::wl_seat::WlSeat;
use wayland_server::protocol::wl_shm::WlShm;
use wayland_server::protocol::wl_subcompositor::WlSubcompositor;

use crate::host::wayland::registry::HostGlobals;
use crate::session::Session;

/// User data of an app global that stands for one of the host's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mirror {
    /// The global's number here.
    pub(crate) name: u32,
}

/// A global of the app's.
#[derive(Debug)]
pub(crate) struct Mirrored {
    pub(crate) interface: &'static str,
    pub(crate) global: GlobalId,
    /// The host's number of what is behind it, and its version.
    pub(crate) host: Option<(u32, u32)>,
}

impl Session {
    /// Makes the app's globals, before the client is let in.
    pub(crate) fn offer_globals(&mut self, globals: &HostGlobals) {
        // smithay makes these at versions of its own; an app must see the host's, or it would use
        // requests that cannot be relayed.
        self.dh
            .remove_global::<Self>(self.compositor.compositor_global());
        self.dh
            .remove_global::<Self>(self.compositor.subcompositor_global());
        self.dh.remove_global::<Self>(self.xdg.global());
        for (name, (interface, version)) in &globals.0 {
            let given = crate::globals::allowed(interface)
                .is_some_and(|entry| entry.is_given(&self.shared.config))
                // An X server whose pictures have a viewport already has no use for its own.
                && (self.density.is_usual() || *interface != "wp_viewporter");
            if given {
                self.mirror(*name, interface, *version);
            }
        }
    }

    /// Offers one global of the host; its number here.
    pub(crate) fn mirror(
        &mut self,
        host: u32,
        interface: &'static str,
        version: u32,
    ) -> Option<u32> {
        // Another host may give its globals numbers that are taken here.
        let next = |(last, _): (&u32, &Mirrored)| last.saturating_add(1);
        let name = if self.mirrored.contains_key(&host) {
            self.mirrored.last_key_value().map_or(host, next)
        } else {
            host
        };
        let dh = &self.dh;
        let mirror = Mirror { name };
        let global = match interface {
            "wl_compositor" => dh.create_global::<Self, WlCompositor, _>(version, ()),
            "wl_subcompositor" => dh.create_global::<Self, WlSubcompositor, _>(version, ()),
            "xdg_wm_base" => dh.create_global::<Self, XdgWmBase, _>(version, ()),
            "wl_shm" => dh.create_global::<Self, WlShm, _>(version, mirror),
            "wl_seat" => dh.create_global::<Self, WlSeat, _>(version, mirror),
            "wl_output" => dh.create_global::<Self, WlOutput, _>(version, mirror),
            "zxdg_output_manager_v1" => {
                dh.create_global::<Self, ZxdgOutputManagerV1, _>(version, mirror)
            }
            "wl_data_device_manager" => {
                dh.create_global::<Self, WlDataDeviceManager, _>(version, mirror)
            }
            "zwp_primary_selection_device_manager_v1" => {
                dh.create_global::<Self, ZwpPrimarySelectionDeviceManagerV1, _>(version, mirror)
            }
            "wp_viewporter" => dh.create_global::<Self, WpViewporter, _>(version, mirror),
            "wp_fractional_scale_manager_v1" => {
                dh.create_global::<Self, WpFractionalScaleManagerV1, _>(version, mirror)
            }
            "wp_single_pixel_buffer_manager_v1" => {
                dh.create_global::<Self, WpSinglePixelBufferManagerV1, _>(version, mirror)
            }
            "zwp_linux_dmabuf_v1" => dh.create_global::<Self, ZwpLinuxDmabufV1, _>(version, mirror),
            "wp_presentation" => dh.create_global::<Self, WpPresentation, _>(version, mirror),
            "wp_cursor_shape_manager_v1" => {
                dh.create_global::<Self, WpCursorShapeManagerV1, _>(version, mirror)
            }
            "zxdg_decoration_manager_v1" => {
                dh.create_global::<Self, ZxdgDecorationManagerV1, _>(version, mirror)
            }
            "org_kde_kwin_server_decoration_manager" => {
                dh.create_global::<Self, OrgKdeKwinServerDecorationManager, _>(version, mirror)
            }
            "xdg_activation_v1" => dh.create_global::<Self, XdgActivationV1, _>(version, mirror),
            "zxdg_exporter_v1" => dh.create_global::<Self, ZxdgExporterV1, _>(version, mirror),
            "zxdg_exporter_v2" => dh.create_global::<Self, ZxdgExporterV2, _>(version, mirror),
            "zxdg_importer_v1" => dh.create_global::<Self, ZxdgImporterV1, _>(version, mirror),
            "zxdg_importer_v2" => dh.create_global::<Self, ZxdgImporterV2, _>(version, mirror),
            "zwp_relative_pointer_manager_v1" => {
                dh.create_global::<Self, ZwpRelativePointerManagerV1, _>(version, mirror)
            }
            "zwp_pointer_constraints_v1" => {
                dh.create_global::<Self, ZwpPointerConstraintsV1, _>(version, mirror)
            }
            "zwp_text_input_manager_v3" => {
                dh.create_global::<Self, ZwpTextInputManagerV3, _>(version, mirror)
            }
            "zwp_idle_inhibit_manager_v1" => {
                dh.create_global::<Self, ZwpIdleInhibitManagerV1, _>(version, mirror)
            }
            "zwp_keyboard_shortcuts_inhibit_manager_v1" => {
                dh.create_global::<Self, ZwpKeyboardShortcutsInhibitManagerV1, _>(version, mirror)
            }
            "wp_alpha_modifier_v1" => {
                dh.create_global::<Self, WpAlphaModifierV1, _>(version, mirror)
            }
            "wp_content_type_manager_v1" => {
                dh.create_global::<Self, WpContentTypeManagerV1, _>(version, mirror)
            }
            "xdg_wm_dialog_v1" => dh.create_global::<Self, XdgWmDialogV1, _>(version, mirror),
            "xdg_toplevel_icon_manager_v1" => {
                dh.create_global::<Self, XdgToplevelIconManagerV1, _>(version, mirror)
            }
            "xdg_system_bell_v1" => dh.create_global::<Self, XdgSystemBellV1, _>(version, mirror),
            other => {
                warn!(
                    interface = other,
                    "on the allow list, but nothing serves it"
                );
                return None;
            }
        };
        let mirrored = Mirrored {
            interface,
            global,
            host: Some((host, version)),
        };
        self.mirrored.insert(name, mirrored);
        Some(name)
    }
}

/// A manager of the app's with one of the host's behind it, at the same version.
macro_rules! mirror_manager {
    ($app:ty => $host:ty) => {
        impl wayland_server::GlobalDispatch<$app, $crate::app::mirror::Mirror>
            for $crate::session::Session
        {
            fn bind(
                session: &mut Self,
                _dh: &wayland_server::DisplayHandle,
                _client: &wayland_server::Client,
                resource: wayland_server::New<$app>,
                mirror: &$crate::app::mirror::Mirror,
                data_init: &mut wayland_server::DataInit<'_, Self>,
            ) {
                use wayland_server::Resource;
                let manager = data_init.init(resource, $crate::peer::Peer::<$host>::default());
                session.take($crate::quota::Kind::Object, &manager);
                let (name, version) = (mirror.name, manager.version());
                $crate::peer::link::<_, $host>(session, &manager, move |session, _| {
                    Some(session.bind(name, version, ()))
                });
            }
        }
    };
}
pub(crate) use mirror_manager;

/// The requests of an app's object with one of the host's behind it, which goes when it goes.
macro_rules! relay {
    ($app:ty => $host:ty, |$session:ident, $object:ident, $peer:ident, $request:ident, $init:ident| $body:expr) => {
        impl wayland_server::Dispatch<$app, $crate::peer::Peer<$host>>
            for $crate::session::Session
        {
            fn request(
                $session: &mut Self,
                _client: &wayland_server::Client,
                $object: &$app,
                $request: <$app as wayland_server::Resource>::Request,
                data: &$crate::peer::Peer<$host>,
                _dh: &wayland_server::DisplayHandle,
                $init: &mut wayland_server::DataInit<'_, Self>,
            ) {
                $session.tick($object);
                let Some($peer) = data.get() else { return };
                $body
            }

            fn destroyed(
                session: &mut Self,
                _client: wayland_server::backend::ClientId,
                _object: &$app,
                data: &$crate::peer::Peer<$host>,
            ) {
                if let Some(host) = data.take() {
                    host.destroy();
                }
                session.quota.give($crate::quota::Kind::Object);
            }
        }
    };
}
pub(crate) use relay;
