//! What the end-to-end tests share.
//!
//! Every test runs on a desktop of its own (`cargo xtask test NAME`, or by hand
//! `cargo xtask session -- target/debug/deps/NAME-…`) and speaks to Oz only the way a user does:
//! by the command line ([`oz`]), by windows, keys and the pointer ([`desktop`](oz_testkit::desktop)).
//! A test starts with [`Session::begin`], which also cleans up when it ends, however it ends.
//!
//! What a test needs and does not find is a failure, never a reason to skip. Every wait has an
//! end ([`wait`]). A claim that an app cannot do a thing is believed only if the same program, run
//! outside, just did it ([`claim`]).

pub mod attacks;
pub mod claim;
pub mod cli;
mod collect;
pub mod copying;
pub mod drags;
pub mod editing;
pub mod fixtures;
pub mod fuse;
pub mod inside;
pub mod layers;
pub mod leftovers;
pub mod marked;
pub mod menus;
pub mod parts;
pub mod probe;
pub mod prober;
pub mod processes;
pub mod race;
pub mod run;
pub mod second;
pub mod second_x;
pub mod session;
pub mod sound;
pub mod terminal;
pub mod typing;
pub mod wait;
pub mod weston;
pub mod window;

pub use cli::oz;
pub use inside::Inside;
pub use run::{Ran, Run};
pub use session::Session;
