//! Apps that know only X11 on an X server, each on the one of its sandbox, for `cargo xtask test --all`.

#[path = "../old_apps/apps.rs"]
mod apps;
#[path = "../all_old_apps/gimp.rs"]
mod gimp;
#[path = "../all_old_apps/java.rs"]
mod java;
#[path = "../old_apps/menus.rs"]
mod menus;
#[path = "../old_apps/terminal.rs"]
mod terminal;
#[path = "../old_apps/xterm.rs"]
mod xterm;

use xterm::xterm;
