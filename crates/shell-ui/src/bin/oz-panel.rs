//! `oz-panel`: the window of Oz, one for each session. `oz panel` starts it.

use shell_ui::{panel, words};

fn main() -> gtk::glib::ExitCode {
    words::choose_language();
    // The name by which screen readers know it.
    gtk::glib::set_prgname(Some(panel::ID));
    gtk::glib::set_application_name("Oz");
    panel::run(std::env::var_os("PATH").unwrap_or_default())
}
