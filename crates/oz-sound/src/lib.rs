//! What the host's sound server has and hears: its devices, how loud they are, and whose streams
//! there are. For whoever shows it to a person, and for tests that must not believe the audio
//! proxy's own word.
//!
//! The daemon does not use it. The server's lists hold names that apps have chosen, and the daemon
//! reads nothing that an app wrote but capped, typed frames; besides, a client of the sound server
//! brings an event loop of its own. Whoever uses this is a process that can be lost.
//!
//! Nothing here waits without an end, and no thread is started.

mod facts;
mod level;
mod server;

pub use facts::{Device, Facts, Stream};
pub use level::Source;
pub use server::{Error, Server};
