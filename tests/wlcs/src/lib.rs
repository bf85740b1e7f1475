//! What WLCS, the Wayland conformance suite, loads: the display proxy between the suite's clients and a host.
//!
//! The suite asks for clients' sockets, has windows placed and moves a pointer and fingers; its clients look at what they are
//! told. Here each such call is made at the host, and is over when nothing is on its way any more between client, proxy and host:
//! what a client hears then is what the proxy made of it. `wlcs/display_server.h` has the interface.

mod calls;
mod host;
mod relay;
mod rig;

pub use calls::{Integration, wlcs_server_integration};
