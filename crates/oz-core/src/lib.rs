//! The pure heart of Oz: no IO, no environment, no threads, no clock.
//!
//! Data flows one way through it: the text of a [`profile`] and a request become a
//! [`plan::Plan`], which [`plan::check`] proves sane; the daemon sends it over
//! [`wire`] to the sandbox's init, which checks it again and executes it.

pub mod colour;
pub mod denied;
pub mod learn;
pub mod mountinfo;
pub mod os_bytes;
pub mod plan;
#[cfg(feature = "profiles")]
pub mod profile;
pub mod protected;
pub mod report;
#[cfg(feature = "text")]
pub mod said;
pub mod uri;
pub mod variables;
pub mod wire;
pub mod xauthority;

pub use os_bytes::OsBytes;
