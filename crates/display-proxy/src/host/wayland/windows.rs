//! What the host says about single windows beside their shell: shortcuts that it lets them have, sizes of icons.

use wayland_client::{Connection, Dispatch, QueueHandle, delegate_noop};
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_surface_v1::WpAlphaModifierSurfaceV1;
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_v1::WpAlphaModifierV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_manager_v1::WpContentTypeManagerV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_v1::WpContentTypeV1;
use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1;
use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibitor_v1::ZwpIdleInhibitorV1;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibit_manager_v1::ZwpKeyboardShortcutsInhibitManagerV1;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibitor_v1::{
    self, ZwpKeyboardShortcutsInhibitorV1 as HostInhibitor,
};
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibitor_v1::ZwpKeyboardShortcutsInhibitorV1;
use wayland_protocols::xdg::dialog::v1::client::xdg_dialog_v1::XdgDialogV1;
use wayland_protocols::xdg::dialog::v1::client::xdg_wm_dialog_v1::XdgWmDialogV1;
use wayland_protocols::xdg::system_bell::v1::client::xdg_system_bell_v1::XdgSystemBellV1;
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::{
    self, XdgToplevelIconManagerV1 as HostIcons,
};
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_v1::XdgToplevelIconV1;
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1;

use crate::session::Session;

delegate_noop!(Session: WpAlphaModifierV1);
delegate_noop!(Session: WpAlphaModifierSurfaceV1);
delegate_noop!(Session: WpContentTypeManagerV1);
delegate_noop!(Session: WpContentTypeV1);
delegate_noop!(Session: ZwpIdleInhibitManagerV1);
delegate_noop!(Session: ZwpIdleInhibitorV1);
delegate_noop!(Session: ZwpKeyboardShortcutsInhibitManagerV1);
delegate_noop!(Session: XdgDialogV1);
delegate_noop!(Session: XdgWmDialogV1);
delegate_noop!(Session: XdgSystemBellV1);
delegate_noop!(Session: XdgToplevelIconV1);

impl Dispatch<HostInhibitor, ZwpKeyboardShortcutsInhibitorV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostInhibitor,
        event: zwp_keyboard_shortcuts_inhibitor_v1::Event,
        inhibitor: &ZwpKeyboardShortcutsInhibitorV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        match event {
            zwp_keyboard_shortcuts_inhibitor_v1::Event::Active => inhibitor.active(),
            zwp_keyboard_shortcuts_inhibitor_v1::Event::Inactive => inhibitor.inactive(),
            _ => {}
        }
    }
}

impl Dispatch<HostIcons, XdgToplevelIconManagerV1> for Session {
    fn event(
        _session: &mut Self,
        _host: &HostIcons,
        event: xdg_toplevel_icon_manager_v1::Event,
        icons: &XdgToplevelIconManagerV1,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        match event {
            xdg_toplevel_icon_manager_v1::Event::IconSize { size } => icons.icon_size(size),
            xdg_toplevel_icon_manager_v1::Event::Done => icons.done(),
            _ => {}
        }
    }
}
