//! What the display proxy calls beyond what every proxy does.

use std::path::Path;

use oz_confine::proxy::{Error, Group, Walls};

/// Each with its reason.
const ALSO: &[Group] = &[
    Group {
        reason: "memory of buffers, its own and that of apps, which is told from files by its seals",
        names: &["fstatfs", "ftruncate", "memfd_create"],
    },
    Group {
        reason: "the end of a turn of a client that writes without pause",
        names: &["dup3", "timer_create", "timer_delete", "timer_settime"],
    },
    Group {
        reason: "what is copied and pasted goes from pipe to pipe",
        names: &["splice"],
    },
    Group {
        reason: "memory of a GPU is told from all else by its name and its type, before its file system is asked",
        names: &["readlinkat", "statx"],
    },
    Group {
        reason: "libxkbcommon looks whether there are keymaps; none is opened",
        names: &["access", "faccessat", "newfstatat", "readlink", "stat"],
    },
    Group {
        reason: "the library for X servers asks for the machine's name at each connection",
        names: &["uname"],
    },
];

/// Gives up, for the calling thread, all but the connections to the host that are yet to be made.
///
/// # Errors
/// When the kernel takes no filter. What it does not have of Landlock is logged.
pub fn confine(host_socket: &Path) -> Result<(), Error> {
    let walls = Walls {
        name: "display-proxy",
        also: ALSO,
        sockets: &[host_socket],
    };
    let extent = walls.raise()?;
    tracing::debug!(state = %extent.state, why = extent.why, "confined");
    Ok(())
}
