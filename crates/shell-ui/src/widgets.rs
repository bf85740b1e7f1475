//! Widgets whose label has a mnemonic in it. A label that belongs to a widget is what a screen reader calls that
//! widget; the widgets' own labels are told with their underscores.

use gtk::prelude::*;

/// A button.
pub fn button(label: &str) -> gtk::Button {
    let button = gtk::Button::new();
    button.set_child(Some(&label_of(&button, label)));
    button
}

/// A check box.
pub fn check_button(label: &str) -> gtk::CheckButton {
    let button = gtk::CheckButton::new();
    button.set_child(Some(&label_of(&button, label)));
    button
}

fn label_of(widget: &impl IsA<gtk::Widget>, text: &str) -> gtk::Label {
    let label = gtk::Label::with_mnemonic(text);
    label.set_mnemonic_widget(Some(widget));
    label
}
