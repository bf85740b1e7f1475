//! The host's keyboard, pointer and clipboard, and an app's windows under the host's hand.

mod clipboard;
mod keyboard;
mod menus;
mod pointer;
mod terminal;
mod windows;

use terminal::terminal;
