//! Sockets: `socket` itself is conditional, and what can be reached is decided by the network
//! namespace.

use super::Group;

pub(super) const GROUPS: &[Group] = &[Group {
    reason: "use of sockets",
    names: &[
        "accept",
        "accept4",
        "bind",
        "connect",
        "getpeername",
        "getsockname",
        "getsockopt",
        "listen",
        "recvfrom",
        "recvmmsg",
        "recvmsg",
        "sendmmsg",
        "sendmsg",
        "sendto",
        "setsockopt",
        "shutdown",
    ],
}];
