//! Windows on an X server without a window manager, for `cargo xtask test --all`.

#[path = "../old_apps/apps.rs"]
mod apps;
#[path = "../x11/frames.rs"]
mod frames;
#[path = "../input/keyboard.rs"]
mod keyboard;
#[path = "../input/menus.rs"]
mod menus;
#[path = "../old_apps/menus.rs"]
mod old_menus;
#[path = "../old_apps/terminal.rs"]
mod old_terminal;
#[path = "../input/pointer.rs"]
mod pointer;
#[path = "../x11/popups.rs"]
mod popups;
#[path = "../input/terminal.rs"]
mod terminal;
#[path = "../drags/x11.rs"]
mod x11;
#[path = "../old_apps/xterm.rs"]
mod xterm;

use terminal::terminal;
use xterm::xterm;
