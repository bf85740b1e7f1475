//! The trusted side.

pub(crate) mod backend;
pub(crate) mod wayland;
pub mod x11;

pub use backend::{Backend, ConnectError, Hosts};
