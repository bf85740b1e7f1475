//! The audio proxy: a PulseAudio server towards one sandbox, a PulseAudio client towards the host.
//!
//! Who is trusted: the host's server, as far as its bytes can be read. The app is hostile: its frames
//! have lengths and flags that are checked before anything is held ([`wire`]), its commands are those of
//! a list with a reason for each ([`rules`]), and it learns of nothing but its own streams, one sink and
//! one source ([`rewrite`]). Two switches, the microphone and the speaker, decide what is heard
//! ([`gate`]): while the microphone is closed no stream of this sandbox exists at the host, and the app,
//! which has one, gets silence.
//!
//! A [`session`] is one client: bytes in, bytes out. Only [`server`] has sockets.

#[cfg(test)]
extern crate self as audio_proxy;

pub mod confine;
pub mod control;
#[cfg(test)]
mod corpus;
pub mod gate;
mod quota;
pub mod report;
pub mod rewrite;
pub mod rules;
pub mod server;
pub mod session;
pub mod shared;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod wire;
