//! Oz on GNOME: the extension in the shell's top bar.

mod bar;
mod client;
mod life;
mod marks;
mod menu;
mod settings;
mod shell;

/// What a test ends with.
type Outcome = anyhow::Result<()>;

/// A name of a file that would end its line, turn the reading direction and be bold.
const HOSTILE: &str = "a\u{202e}fdp.\n<b>exe\u{200b}";
/// The same, as it may be shown.
const HOSTILE_SHOWN: &str = "afdp. <b>exe";
