//! Kinds of sockets that no app needs, and what the harmless ones could be made to do.

use super::own::{NEWNET, with};
use crate::attack::{Attack, Class, KERNEL, ROOT, attack, unshown};
use crate::outcome::Outcome;
use crate::sys::{Arg, call};

const FAMILIES: &str = "kernel holes: families of sockets";
const NETLINK: &str = "kernel holes: netlink";

const STREAM: i64 = 1;
const DGRAM: i64 = 2;
const RAW: i64 = 3;
const SEQPACKET: i64 = 5;

/// What is attacked. Families that need a capability are tried in namespaces of the app's own.
pub const ATTACKS: &[Attack] = &[
    unshown("socket-alg", Class::Sockets, "AF_ALG", KERNEL, |_| {
        socket(38, SEQPACKET, 0)
    }),
    attack(
        "socket-vsock",
        Class::Sockets,
        "AF_VSOCK reaches the hypervisor",
        |_| socket(40, STREAM, 0),
    ),
    attack("socket-packet", Class::Sockets, FAMILIES, |_| {
        as_root(17, RAW, 0x300)
    }),
    attack("socket-raw", Class::Sockets, FAMILIES, |_| {
        as_root(2, RAW, 255)
    }),
    attack("socket-raw-v6", Class::Sockets, FAMILIES, |_| {
        as_root(10, RAW, 255)
    }),
    unshown("socket-ping", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(2, DGRAM, 1)
    }),
    unshown("socket-mptcp", Class::Sockets, "MPTCP", KERNEL, |_| {
        socket(2, STREAM, 262)
    }),
    unshown("socket-sctp", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(2, STREAM, 132)
    }),
    unshown("socket-dccp", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(2, 6, 33)
    }),
    unshown("socket-udplite", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(2, DGRAM, 136)
    }),
    unshown("socket-key", Class::Sockets, FAMILIES, KERNEL, |_| {
        as_root(15, RAW, 2)
    }),
    unshown("socket-xdp", Class::Sockets, FAMILIES, KERNEL, |_| {
        as_root(44, RAW, 0)
    }),
    unshown("socket-bluetooth", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(31, RAW, 1)
    }),
    unshown("socket-can", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(29, RAW, 1)
    }),
    unshown("socket-tipc", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(30, STREAM, 0)
    }),
    unshown("socket-rds", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(21, SEQPACKET, 0)
    }),
    unshown("socket-smc", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(43, STREAM, 0)
    }),
    unshown("socket-kcm", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(41, DGRAM, 0)
    }),
    unshown("socket-nfc", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(39, SEQPACKET, 1)
    }),
    unshown("socket-qrtr", Class::Sockets, FAMILIES, KERNEL, |_| {
        socket(42, DGRAM, 0)
    }),
    unshown(
        "socket-old-networks",
        Class::Sockets,
        FAMILIES,
        KERNEL,
        |_| {
            // AX.25, IPX, AppleTalk, NET/ROM, X.25, Rose, LLC, IrDA, Phonet, 802.15.4, CAIF.
            let families = [3, 4, 5, 6, 9, 11, 26, 23, 35, 36, 37];
            crate::outcome::first(families.into_iter().map(|family| socket(family, DGRAM, 0)))
        },
    ),
    attack("netlink-sockets-of-all", Class::Sockets, NETLINK, |_| {
        socket(16, RAW, 4)
    }),
    attack(
        "netlink-filters",
        Class::Sockets,
        "netfilter (CVE-2022-34918)",
        |_| as_root(16, RAW, 12),
    ),
    attack(
        "netlink-transforms",
        Class::Sockets,
        "xfrm (CVE-2017-7184)",
        |_| as_root(16, RAW, 6),
    ),
    attack("netlink-generic", Class::Sockets, NETLINK, |_| {
        socket(16, RAW, 16)
    }),
    attack("netlink-device-events", Class::Sockets, NETLINK, |_| {
        socket(16, DGRAM, 15)
    }),
    unshown("netlink-audit", Class::Sockets, NETLINK, KERNEL, |_| {
        socket(16, RAW, 9)
    }),
    unshown("netlink-connector", Class::Sockets, NETLINK, KERNEL, |_| {
        socket(16, DGRAM, 11)
    }),
    unshown("netlink-crypto", Class::Sockets, NETLINK, KERNEL, |_| {
        socket(16, RAW, 21)
    }),
    attack(
        "netlink-high-bits",
        Class::Sockets,
        "high bits (CVE-2019-10063)",
        |_| socket(16 | 1 << 32, RAW | 1 << 33, 4 | 1 << 34),
    ),
    unshown(
        "netlink-pair",
        Class::Sockets,
        NETLINK,
        "the kernel makes none",
        |_| {
            call(
                libc::SYS_socketpair,
                [Arg::N(16), Arg::N(RAW), Arg::N(4), Arg::Z(8)],
            )?;
            Ok("a pair".into())
        },
    ),
    unshown(
        "fast-open-raw-option",
        Class::Sockets,
        "options of netfilter",
        ROOT,
        |_| {
            // IPT_SO_GET_INFO on an ordinary socket.
            with(NEWNET, || {
                let fd = call(libc::SYS_socket, [Arg::N(2), Arg::N(DGRAM), Arg::N(0)])?;
                let mut name = b"filter".to_vec();
                name.resize(84, 0);
                let size = 84_u32.to_ne_bytes();
                let [level, option] = [0, 64].map(Arg::N);
                let [value, length] = [Arg::B(&name), Arg::B(&size)];
                call(
                    libc::SYS_getsockopt,
                    [Arg::N(fd), level, option, value, length],
                )?;
                Ok("the filter's tables".into())
            })
        },
    ),
];

fn socket(family: i64, kind: i64, protocol: i64) -> Outcome {
    call(libc::SYS_socket, [family, kind, protocol].map(Arg::N))?;
    Ok(format!(
        "family {}, protocol {}",
        family & 0xffff,
        protocol & 0xffff
    ))
}

fn as_root(family: i64, kind: i64, protocol: i64) -> Outcome {
    with(NEWNET, || socket(family, kind, protocol))
}
