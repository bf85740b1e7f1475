//! Apps that know only X11, each on the X server of its sandbox.

mod apps;
mod attacks;
mod attention;
mod clipboard;
mod dense;
mod game;
mod host;
mod hostile;
mod life;
mod menus;
mod programs;
mod shell;
mod sizes;
mod terminal;
mod xterm;

use xterm::xterm;
