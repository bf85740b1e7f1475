//! Windows that take the desktop's shortcuts, in sandboxes that may. The host asks the user, and has a way out.

use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibit_manager_v1::ZwpKeyboardShortcutsInhibitManagerV1 as HostManager;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibitor_v1::ZwpKeyboardShortcutsInhibitorV1 as HostInhibitor;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibit_manager_v1::{
    self, ZwpKeyboardShortcutsInhibitManagerV1,
};
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibitor_v1::ZwpKeyboardShortcutsInhibitorV1;
use wayland_server::Resource;

use super::extra::{Extra, extra};
use super::mirror::{mirror_manager, relay};
use crate::peer::{host_of, manager_of};
use crate::quota::Kind;

mirror_manager!(ZwpKeyboardShortcutsInhibitManagerV1 => HostManager);

relay!(ZwpKeyboardShortcutsInhibitManagerV1 => HostManager, |session, manager, _host, request, init| {
    if let zwp_keyboard_shortcuts_inhibit_manager_v1::Request::InhibitShortcuts {
        id,
        surface,
        seat,
    } = request
    {
        let inhibitor = init.init(id, Extra::<HostInhibitor>::of(&surface));
        session.take(Kind::Object, &inhibitor);
        if !session.is_first::<ZwpKeyboardShortcutsInhibitorV1>(&surface) {
            // For another seat it would be no error. Nobody was seen to ask for two.
            manager.post_error(
                zwp_keyboard_shortcuts_inhibit_manager_v1::Error::AlreadyInhibited,
                "the surface has them already",
            );
            session.end("took the shortcuts of a surface twice");
        } else if let Some(data) = inhibitor.data::<Extra<HostInhibitor>>() {
            let manager = manager.clone();
            session.link(&inhibitor, &data.host, move |session, of| {
                let manager = manager_of::<HostManager>(session, &manager)?;
                let surface = session.host_surface(&surface)?;
                let seat = host_of::<HostSeat>(&seat)?;
                Some(manager.inhibit_shortcuts(surface, &seat, &session.qh, of.clone()))
            });
        }
    }
});

// Destruction is the only request.
extra!(ZwpKeyboardShortcutsInhibitorV1 => HostInhibitor, |session, inhibitor, _host, _data, _request| {});
