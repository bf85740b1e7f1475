//! Choosing files for a sandbox, by the host's own dialog.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use crate::words::{tr, tr_with};

/// What the dialog is for, so that nobody gives for changing what was meant for reading.
pub(super) fn title(sandbox: &str, directory: bool, write: bool) -> String {
    let fill = [("app", sandbox)];
    match (directory, write) {
        (false, false) => tr_with("Files That {app} May Read", &fill),
        (true, false) => tr_with("Folder That {app} May Read", &fill),
        (false, true) => tr_with("Files That {app} May Change", &fill),
        (true, true) => tr_with("Folder That {app} May Change", &fill),
    }
}

/// Asks for files or a folder.
pub(super) fn files(
    beside: &impl IsA<gtk::Widget>,
    title: &str,
    directory: bool,
    chosen: impl Fn(Vec<PathBuf>) + 'static,
) {
    let window = beside.root().and_downcast::<gtk::Window>();
    let action = if directory {
        gtk::FileChooserAction::SelectFolder
    } else {
        gtk::FileChooserAction::Open
    };
    let accept = tr("_Show to the App");
    let dialog =
        gtk::FileChooserNative::new(Some(title), window.as_ref(), action, Some(&accept), None);
    dialog.set_modal(true);
    dialog.set_select_multiple(!directory);
    let _ = dialog.set_current_folder(Some(&gio::File::for_path(glib::home_dir())));
    // The dialog is the toolkit's only as long as somebody holds it.
    let held = Rc::new(RefCell::new(Some(dialog.clone())));
    dialog.connect_response(move |dialog, response| {
        dialog.hide();
        held.take();
        if response == gtk::ResponseType::Accept {
            let files = dialog.files();
            let files = files.iter::<gio::File>().filter_map(Result::ok);
            let paths: Vec<PathBuf> = files.filter_map(|file| file.path()).collect();
            if !paths.is_empty() {
                chosen(paths);
            }
        }
    });
    dialog.show();
}
