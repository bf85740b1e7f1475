//! The display proxy: a Wayland compositor towards one sandbox, a Wayland client towards the host.
//!
//! [`policy`] says who is trusted and what is permitted; [`globals`] is the list of what an app
//! can see. The folders are the sides: `app/` takes requests from the sandbox, `host/` takes
//! events from the host compositor, `bridge/` holds what belongs together across the two.

mod acted;
mod app;
mod bridge;
pub mod config;
pub mod confine;
mod control;
mod denied;
mod fds;
pub mod globals;
mod held;
pub mod host;
mod input;
mod mark;
mod peer;
mod pipe;
pub mod policy;
mod quota;
pub mod report;
pub mod server;
mod session;
mod turn;
mod x11;
