//! What the audio proxy calls beyond what every proxy does: nothing.

use std::path::Path;

use oz_confine::proxy::{Error, Walls};

/// Gives up all but the connections to the host's sound server that are yet to be made.
///
/// # Errors
/// When the kernel takes no filter. What it does not have of Landlock is logged.
pub fn confine(host_socket: &Path) -> Result<(), Error> {
    // The directory, because a server that comes back has another socket.
    let place = host_socket.parent().unwrap_or(host_socket);
    let walls = Walls {
        name: "audio-proxy",
        also: &[],
        sockets: &[place],
    };
    let extent = walls.raise()?;
    tracing::debug!(state = %extent.state, why = extent.why, "confined");
    Ok(())
}
