//! Oz on GNOME: the extension in the shell's top bar.

mod bar;
mod client;
mod input_method;
mod life;
mod marks;
mod menu;
mod quick;
mod settings;
mod shell;
