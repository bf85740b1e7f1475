//! What the desktop asks of the panel: actions of the application, which it gets over the bus by
//! `org.freedesktop.Application`, started for it if need be.
//!
//! `show` and `add-files` take the path of a sandbox on the bus, `shell` and `changes` its name. What they do is what a person can do
//! in the window, no more: files are given when the person has chosen some.

use std::ffi::OsString;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};
use oz_core::plan::SandboxId;

use super::application::Panel;
use super::terminal;

/// What is asked of a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// To be shown.
    Show,
    /// To be shown, with the dialog that chooses files for it.
    Files,
}

/// Adds them to an application whose window `open` opens; `path` is where programs are.
pub(super) fn add(
    application: &adw::Application,
    open: impl Fn(&adw::Application) -> Option<Rc<Panel>> + Clone + 'static,
    path: OsString,
) {
    for (name, ask) in [("show", Ask::Show), ("add-files", Ask::Files)] {
        let (to, open) = (application.downgrade(), open.clone());
        add_one(application, name, move |sandbox| {
            if let Some(panel) = to.upgrade().and_then(|application| open(&application)) {
                panel.ask(sandbox, ask);
            }
        });
    }
    let (to, show) = (application.downgrade(), open.clone());
    add_one(application, "changes", move |id| {
        if let Some(panel) = to.upgrade().and_then(|application| show(&application)) {
            panel.window.select_copies(id);
        }
    });
    let to = application.downgrade();
    add_one(application, "shell", move |id| {
        let opened = match id.parse::<SandboxId>() {
            Ok(id) => terminal::open(id.as_str(), &path),
            Err(_) => return,
        };
        // Only a window can say why not.
        if let (Err(words), Some(application)) = (opened, to.upgrade())
            && let Some(panel) = open(&application)
        {
            panel.say(&words);
        }
    });
}

fn add_one(application: &adw::Application, name: &str, activate: impl Fn(&str) + 'static) {
    let action = gio::SimpleAction::new(name, Some(glib::VariantTy::STRING));
    action.connect_activate(move |_, of| {
        if let Some(of) = of.and_then(glib::Variant::str) {
            activate(of);
        }
    });
    application.add_action(&action);
}
