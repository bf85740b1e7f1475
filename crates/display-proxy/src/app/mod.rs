//! The untrusted side: requests from the sandbox, one handler per protocol.

mod activation;
mod compositor;
mod cursor_shape;
mod data_device;
pub(crate) mod decoration;
mod foreign;
mod fractional_scale;
mod kde_decoration;
pub(crate) mod mirror;
mod output;
mod pointer_constraints;
mod presentation;
mod primary_selection;
mod relative_pointer;
mod seat;
mod shm;
mod single_pixel;
mod subsurface;
mod viewporter;
mod xdg_shell;

pub(crate) use xdg_shell::Pings;
