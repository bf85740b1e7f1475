//! The same as `input`, in a session of an X server, for `cargo xtask test --all`.

#[path = "../input/clipboard.rs"]
mod clipboard;
#[path = "../input/keyboard.rs"]
mod keyboard;
#[path = "../input/menus.rs"]
mod menus;
#[path = "../input/pointer.rs"]
mod pointer;
#[path = "../input/terminal.rs"]
mod terminal;
#[path = "../input/windows.rs"]
mod windows;

use terminal::terminal;
