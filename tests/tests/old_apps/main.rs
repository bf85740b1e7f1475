//! Apps that know only X11, each on the X server of its sandbox.

mod attacks;
mod clipboard;
mod hostile;
mod life;
mod menus;
mod shell;
mod terminal;

use shell::xterm;
