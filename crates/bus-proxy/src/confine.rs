//! What the bus proxy calls beyond what every proxy does.

use oz_confine::proxy::{Error, Group, Walls};

const ALSO: &[Group] = &[Group {
    reason: "says on the bus who it is",
    names: &["getegid", "geteuid", "getgid", "getuid"],
}];

/// Gives up everything but the two sockets that it holds.
pub fn confine() -> Result<(), Error> {
    let walls = Walls {
        name: "bus-proxy",
        also: ALSO,
        sockets: &[],
    };
    let extent = walls.raise()?;
    tracing::debug!(state = %extent.state, why = extent.why, "confined");
    Ok(())
}
