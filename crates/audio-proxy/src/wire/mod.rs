//! The PulseAudio native protocol, as far as it is needed: [`frame`] cuts a stream of bytes into
//! frames, [`tags`] reads and writes what is in a frame that is a packet, [`command`] names the
//! commands. Nothing here decides anything.

pub mod command;
pub mod frame;
pub mod props;
pub mod sample;
pub mod tags;
