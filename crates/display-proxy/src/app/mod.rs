//! The untrusted side: requests from the sandbox, one handler per protocol.

pub(crate) mod activation;
mod alpha_modifier;
mod compositor;
mod content_type;
mod cursor_shape;
mod data_device;
pub(crate) mod decoration;
mod dialog;
pub(crate) mod extra;
mod foreign;
mod fractional_scale;
mod idle_inhibit;
mod kde_decoration;
pub(crate) mod linux_dmabuf;
pub(crate) mod mirror;
mod output;
pub(crate) mod pointer_constraints;
mod presentation;
mod primary_selection;
mod relative_pointer;
mod seat;
mod shm;
mod shortcuts_inhibit;
mod single_pixel;
mod subsurface;
mod system_bell;
pub(crate) mod text_input;
mod toplevel_icon;
mod viewporter;
mod xdg_shell;

pub(crate) use xdg_shell::Pings;
