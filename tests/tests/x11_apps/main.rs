//! The same as `old_apps`, in a session of an X server: what X11 apps can do does not depend on the host.

#[path = "../old_apps/apps.rs"]
mod apps;
#[path = "../old_apps/attacks.rs"]
mod attacks;
#[path = "../old_apps/attention.rs"]
mod attention;
#[path = "../old_apps/clipboard.rs"]
mod clipboard;
#[path = "../old_apps/host.rs"]
mod host;
#[path = "../old_apps/hostile.rs"]
mod hostile;
#[path = "../old_apps/life.rs"]
mod life;
#[path = "../old_apps/menus.rs"]
mod menus;
#[path = "../old_apps/programs.rs"]
mod programs;
#[path = "../old_apps/shell.rs"]
mod shell;
#[path = "../old_apps/terminal.rs"]
mod terminal;

use shell::xterm;
