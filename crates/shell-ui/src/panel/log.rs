//! What the programs of a sandbox wrote, in a window of its own.

use adw::prelude::*;
use gtk::glib;

use crate::words::{tr, tr_with};

/// How much of the end of a log is shown.
pub(super) const MOST: u64 = 64 << 10;

/// Shows it beside a window.
pub(super) fn show(parent: &impl IsA<gtk::Window>, id: &str, log: &[u8]) {
    let title = tr_with("Log of {app}", &[("app", id)]);
    let (window, text) = reader(parent, &title, &tr("What its programs wrote last"));
    text.buffer().set_text(&readable(log));
    let end = text.buffer().end_iter();
    let mark = text.buffer().create_mark(None, &end, false);
    text.scroll_to_mark(&mark, 0.0, false, 0.0, 1.0);
    window.present();
}

/// A window beside another for a text that is only read, and what that is; Escape closes it.
pub(super) fn reader(
    parent: &impl IsA<gtk::Window>,
    title: &str,
    about: &str,
) -> (adw::Window, gtk::TextView) {
    let text = gtk::TextView::builder()
        .editable(false)
        .monospace(true)
        .wrap_mode(gtk::WrapMode::WordChar)
        .css_classes(["oz-log"])
        .build();
    let scrolled = gtk::ScrolledWindow::builder()
        .child(&text)
        .vexpand(true)
        .build();
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&adw::HeaderBar::new());
    let about = gtk::Label::builder()
        .label(about)
        .xalign(0.0)
        .wrap(true)
        .mnemonic_widget(&text)
        .css_classes(["oz-about", "dim-label"])
        .build();
    content.append(&about);
    content.append(&scrolled);
    let window = adw::Window::builder()
        .title(title)
        .transient_for(parent)
        .default_width(720)
        .default_height(480)
        .content(&content)
        .build();
    close_by_escape(&window);
    (window, text)
}

/// Has Escape close a window.
pub(super) fn close_by_escape(window: &adw::Window) {
    let keys = gtk::EventControllerKey::new();
    let close = window.downgrade();
    keys.connect_key_pressed(move |_, key, _, _| {
        if let (gtk::gdk::Key::Escape, Some(window)) = (key, close.upgrade()) {
            window.close();
            return glib::Propagation::Stop;
        }
        glib::Propagation::Proceed
    });
    window.add_controller(keys);
}

/// Text of hostile programs: line by line, and nothing that turns or hides what stands beside it.
fn readable(log: &[u8]) -> String {
    let lines = log.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| oz_core::OsBytes::from(line.to_vec()).to_string());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_written_out() {
        assert_eq!(readable(b"a\x1b[2J\nb\xff\n"), "a\\x1b[2J\nb\\xff\n");
    }
}
