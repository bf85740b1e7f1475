//! How much of everything one client, or one sandbox, may hold. An offender loses its connection,
//! or gets an error; nobody else notices.

use std::time::Duration;

/// Clients of one sandbox. The server takes 64 in all, and everybody else's must still fit.
pub const CLIENTS: usize = 16;

/// Largest packet of an app, in bytes: libpulse sends icons in properties.
pub const APP_PACKET: usize = 128 << 10;

/// Largest packet of the host, in bytes: a list of everything.
pub const HOST_PACKET: usize = 1 << 20;

/// Bytes that may wait for either side before nobody is listened to who could add to them.
pub const BACKLOG: usize = 256 << 10;

/// Requests of one client that the host has not answered, before it is not listened to.
pub const PENDING: usize = 256;

/// Streams that play, in the sandbox. One sink of the server takes 256.
pub const PLAYBACK: usize = 64;

/// Streams that record, in the sandbox.
pub const RECORD: usize = 32;

/// Requests of one client that wait for the user.
pub const HELD: usize = 8;

/// How long a request waits for the user. libpulse gives up after 30 s, and a stream that came later would
/// listen for nobody.
pub const HELD_FOR: Duration = Duration::from_secs(25);

/// How long a client may take to introduce itself.
pub const INTRODUCTION: Duration = Duration::from_secs(30);
