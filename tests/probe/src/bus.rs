//! Which message bus it is that listens somewhere: a sandbox has one of its own where the host's is.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The bus's own id, which it tells whoever is let in.
pub fn id(path: &Path) -> std::io::Result<String> {
    let mut bus = UnixStream::connect(path)?;
    bus.set_read_timeout(Some(Duration::from_secs(5)))?;
    let uid = rustix::process::getuid().as_raw().to_string();
    let uid: String = uid.bytes().map(|byte| format!("{byte:02x}")).collect();
    bus.write_all(format!("\0AUTH EXTERNAL {uid}\r\n").as_bytes())?;
    let mut answer = [0; 128];
    let length = bus.read(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer[..length]);
    let id = answer.trim_end().strip_prefix("OK ");
    id.map(str::to_owned)
        .ok_or_else(|| std::io::Error::other(answer.trim_end().to_owned()))
}
