//! The same clicks as in `gnome`, in the GNOME Shell of a later release, which loads the extension as modules.

#[path = "../gnome/bar.rs"]
mod bar;
#[path = "../gnome/life.rs"]
mod life;
#[path = "../gnome/marks.rs"]
mod marks;
#[path = "../gnome/menu.rs"]
mod menu;
#[path = "../gnome/quick.rs"]
mod quick;
