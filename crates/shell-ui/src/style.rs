//! The look that all windows of Oz share: they are marked as ours.

use gtk::gdk;
use oz_core::colour::Colour;

/// Loads the style sheet; the colours of sandboxes come with their [classes](class).
pub fn load() {
    let Some(display) = gdk::Display::default() else {
        return;
    };
    let provider = gtk::CssProvider::new();
    let mut sheet = include_str!("style.css").to_owned();
    for colour in Colour::all() {
        sheet.push_str(&rule(colour));
    }
    provider.load_from_data(&sheet);
    gtk::style_context_add_provider_for_display(
        &display,
        &provider,
        gtk::STYLE_PROVIDER_PRIORITY_APPLICATION,
    );
}

/// The style class of what has this colour.
pub fn class(colour: Colour) -> String {
    format!("oz-{}", colour.to_string().trim_start_matches('#'))
}

fn rule(colour: Colour) -> String {
    let class = class(colour);
    format!(
        ".oz-band.{class} {{ background-color: {colour}; }}\n.oz-dot.{class} {{ background-color: {colour}; }}\n"
    )
}
