//! Use of sockets: which there are, and which of their options, is conditional; what can be reached is decided by the network
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
        "listen",
        "recvfrom",
        "recvmmsg",
        "recvmsg",
        "sendmmsg",
        "sendmsg",
        "sendto",
        "shutdown",
    ],
}];
