//! What the gate does to audio: makes it silent or quieter, and makes silence of its own.

pub mod clock;
mod g711;
pub mod volume;
