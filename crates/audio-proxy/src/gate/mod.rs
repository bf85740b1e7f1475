//! What the gate does to audio: makes it silent or quieter, makes silence of its own, and knows how loud it is.

pub mod clock;
mod g711;
pub mod level;
pub mod volume;
