//! Which sockets there are, and which of their options: the network namespace decides whom they
//! reach, this decides which parts of the kernel.
//!
//! A browser's renderers have capabilities in network namespaces of their own, so what the kernel asks
//! a capability for is refused here, to everybody: packet filters (`setsockopt` reaches them on any
//! socket, without netlink), IPsec, raw packets, and protocols that nobody on a desktop speaks.

use super::conditional::one_of;
use crate::plan::{Comparison, Operator};

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;

/// Lists addresses and routes of the network namespace. Netfilter (12), xfrm (6) and the others stay
/// closed.
const NETLINK_ROUTE: u64 = 0;

/// Streams and datagrams with the protocols that they mean when they name none. What is not here:
/// raw sockets, SOCK_PACKET, and MPTCP, SCTP, DCCP, UDP-Lite and L2TP, which have had more holes than
/// users.
const INTERNET: &[(u64, &[u64], &str)] = &[
    (1, &[0, 6], "SOCK_STREAM: TCP"),
    (2, &[0, 17], "SOCK_DGRAM: UDP"),
];

/// The bits of a socket's type that are not flags.
const TYPE: u64 = 0xf;

const SOL_IP: u64 = 0;
const SOL_SOCKET: u64 = 1;
const SOL_TCP: u64 = 6;
const SOL_UDP: u64 = 17;
const SOL_IPV6: u64 = 41;
const SOL_NETLINK: u64 = 270;

/// Tables of packet filters begin at 64 in both families; these are options below.
const BELOW_TABLES: u64 = 63;

/// Below 64, but IPsec: `IP_IPSEC_POLICY`, `IP_XFRM_POLICY`.
const IP_NEVER: &[u64] = &[16, 17];

/// Likewise: `IPV6_IPSEC_POLICY`, `IPV6_XFRM_POLICY`.
const IPV6_NEVER: &[u64] = &[34, 35];

/// Above 64 and no tables: `RECVTCLASS`, `TCLASS`, `AUTOFLOWLABEL`, `ADDR_PREFERENCES`,
/// `MINHOPCOUNT`, `RECVORIGDSTADDR`, `UNICAST_IF`.
const IPV6_ALSO: &[u64] = &[66, 67, 70, 72, 73, 74, 76];

/// `TCP_ULP` puts another protocol in the kernel on top; the others forge the state of a connection:
/// `TCP_REPAIR`, `_QUEUE`, `TCP_QUEUE_SEQ`, `TCP_REPAIR_OPTIONS`, `_WINDOW`.
const TCP_NEVER: &[u64] = &[19, 20, 21, 22, 29, 31];

/// `UDP_CORK`, `UDP_SEGMENT`, `UDP_GRO`; never `UDP_ENCAP`, which is IPsec.
const UDP: &[u64] = &[1, 103, 104];

/// Rules of `socket`.
pub fn kinds() -> Vec<Vec<Comparison>> {
    let mut rules = one_of(0, [AF_UNIX]);
    rules.push(vec![
        Comparison::low32(0, Operator::Equal(AF_NETLINK)),
        Comparison::low32(2, Operator::Equal(NETLINK_ROUTE)),
    ]);
    for family in [AF_INET, AF_INET6] {
        for (kind, protocols, _) in INTERNET {
            rules.extend(protocols.iter().map(|protocol| {
                vec![
                    Comparison::low32(0, Operator::Equal(family)),
                    Comparison::low32(
                        1,
                        Operator::MaskedEqual {
                            mask: TYPE,
                            value: *kind,
                        },
                    ),
                    Comparison::low32(2, Operator::Equal(*protocol)),
                ]
            }));
        }
    }
    rules
}

/// Rules of `setsockopt` and `getsockopt`, whose second argument is the level and third the option.
pub fn options() -> Vec<Vec<Comparison>> {
    let level = |level| Comparison::low32(1, Operator::Equal(level));
    let option = |operator| Comparison::low32(2, operator);
    let but = |never: &[u64]| -> Vec<Comparison> {
        let differs = |value: &u64| option(Operator::NotEqual(*value));
        never.iter().map(differs).collect()
    };
    let below_tables = option(Operator::MaskedEqual {
        mask: u64::from(u32::MAX) & !BELOW_TABLES,
        value: 0,
    });
    let mut rules = vec![
        vec![level(SOL_SOCKET)],
        vec![level(SOL_NETLINK)],
        [vec![level(SOL_TCP)], but(TCP_NEVER)].concat(),
        [vec![level(SOL_IP), below_tables.clone()], but(IP_NEVER)].concat(),
        [vec![level(SOL_IPV6), below_tables], but(IPV6_NEVER)].concat(),
    ];
    for (of, options) in [(SOL_UDP, UDP), (SOL_IPV6, IPV6_ALSO)] {
        let rule = |value: &u64| vec![level(of), option(Operator::Equal(*value))];
        rules.extend(options.iter().map(rule));
    }
    rules
}
