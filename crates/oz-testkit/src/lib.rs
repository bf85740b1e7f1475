//! What tests of Oz stand on: a desktop to act in, and fakes of what Oz talks to.
//!
//! A test that needs something fails where it is missing; nothing is skipped.

pub mod desktop;
#[cfg(feature = "fakehost")]
pub mod fakehost;
pub mod patience;
pub mod seat;
