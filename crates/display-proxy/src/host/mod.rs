//! The trusted side.

mod backend;
pub(crate) mod wayland;

pub use backend::{Backend, ConnectError};
