//! What the benchmarks of Oz share: the maths, the words of the client, the tables.
//!
//! Nothing here is a test. A time on a shared machine says little; the *ratio* of two programs
//! that took turns on it says a lot, so everything is measured in interleaved rounds beside its
//! peers and reported as a ratio.
//!
//! - `oz-bench-client` draws a window and says what that cost it ([`job`]);
//! - `oz-bench-files` works on a file and says what that cost it ([`files`]);
//! - `oz-bench-relay` is the cheapest thing that can stand between a client and its compositor;
//! - `oz-bench` runs the rounds ([`stats`]) and writes the tables ([`report`]).

pub mod files;
pub mod job;
pub mod report;
pub mod stats;
