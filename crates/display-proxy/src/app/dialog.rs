//! Dialogs, and whether their window has to wait for them.

use wayland_protocols::xdg::dialog::v1::client::xdg_dialog_v1::XdgDialogV1 as HostDialog;
use wayland_protocols::xdg::dialog::v1::client::xdg_wm_dialog_v1::XdgWmDialogV1 as HostManager;
use wayland_protocols::xdg::dialog::v1::server::xdg_dialog_v1::{self, XdgDialogV1};
use wayland_protocols::xdg::dialog::v1::server::xdg_wm_dialog_v1::{self, XdgWmDialogV1};
use wayland_server::Resource;

use super::extra::{Extra, extra};
use super::mirror::{mirror_manager, relay};
use crate::peer::manager_of;
use crate::quota::Kind;

/// Its window waits for it.
const MODAL: u32 = 1;

mirror_manager!(XdgWmDialogV1 => HostManager);

relay!(XdgWmDialogV1 => HostManager, |session, manager, _host, request, init| {
    if let xdg_wm_dialog_v1::Request::GetXdgDialog { id, toplevel } = request {
        let window = session.xdg.get_toplevel(&toplevel);
        let Some(surface) = window.map(|window| window.wl_surface().clone()) else {
            // Its surface went before it: there is nothing that the object could be about.
            session.offend(manager, "a dialog of a window that is gone");
            return;
        };
        let dialog = init.init(id, Extra::<HostDialog>::of(&surface));
        session.take(Kind::Object, &dialog);
        if !session.is_first::<XdgDialogV1>(&surface) {
            manager.post_error(
                xdg_wm_dialog_v1::Error::AlreadyUsed,
                "the window is a dialog already",
            );
            session.end("made a window a dialog twice");
        } else if let Some(data) = dialog.data::<Extra<HostDialog>>() {
            let manager = manager.clone();
            session.link(&dialog, &data.host, move |session, of| {
                let manager = manager_of::<HostManager>(session, &manager)?;
                let window = session.toplevel(&surface)?;
                let host = manager.get_xdg_dialog(&window.host, &session.qh, ());
                if Extra::<HostDialog>::said_of(of) == Some(MODAL) {
                    host.set_modal();
                }
                Some(host)
            });
        }
    }
});

extra!(XdgDialogV1 => HostDialog, |session, dialog, host, data, request| match request {
    xdg_dialog_v1::Request::SetModal => {
        data.say(MODAL);
        host.inspect(HostDialog::set_modal);
    }
    xdg_dialog_v1::Request::UnsetModal => {
        data.say(0);
        host.inspect(HostDialog::unset_modal);
    }
    _ => {}
});
