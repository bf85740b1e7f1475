//! What of the network is inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::forward::Forward;

/// What of the network is inside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Which network.
    pub mode: Mode,
    /// Ports and sockets that lead through its wall from the start.
    pub forwards: Vec<Forward>,
}

impl Network {
    /// Whether something outside has to be done before the first program may run.
    pub fn has_outside(&self) -> bool {
        self.mode == Mode::Internet || !self.forwards.is_empty()
    }
}

/// Which network; the more, the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing but a loopback interface of its own.
    #[default]
    None,
    /// The Internet, by a network of its own: neither this machine nor its neighbours.
    Internet,
    /// The network of this machine itself, with its loopback and its neighbours. Only abstract sockets
    /// are kept from the app, and there is no such sandbox where the kernel cannot.
    Host,
}

impl Mode {
    /// Every one, from the least to the most.
    pub const ALL: [Self; 3] = [Self::None, Self::Internet, Self::Host];

    /// As a profile and the command line say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Internet => "internet",
            Self::Host => "host",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.word() == word)
            .ok_or_else(|| "a network is none, internet or host".to_owned())
    }
}

/// The interface inside.
pub const INTERFACE: &str = "net0";

/// Its address. The block (RFC 7335) is for the inner side of translators: no network that a host
/// is in has it, so nothing outside can be meant.
pub const ADDRESS4: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 2);
/// Bits of its network.
pub const PREFIX4: u8 = 29;
/// The other end, which answers questions for names and nothing else.
pub const GATEWAY4: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 1);
/// Likewise, of the block for local translation (RFC 8215): programs prefer it to IPv4 as they do
/// with a real address, which they would not with a private one (RFC 6724).
pub const ADDRESS6: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 1, 0x6f7a, 0, 0, 0, 2);
/// The other end.
pub const GATEWAY6: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 1, 0x6f7a, 0, 0, 0, 1);

/// What `/etc/resolv.conf` says inside. Where one of them has no server behind it, it is refused at
/// once and the other is asked.
pub fn resolv_conf() -> String {
    format!("nameserver {GATEWAY4}\nnameserver {GATEWAY6}\noptions edns0\n")
}

/// IPv4 blocks that are no place of the Internet (IANA's registry of special purposes, and
/// multicast), each with its reason.
const CLOSED4: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this host"),
    ("10.0.0.0/8", "private networks"),
    ("100.64.0.0/10", "the provider's network"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local, where clouds keep secrets"),
    ("172.16.0.0/12", "private networks"),
    ("192.0.0.0/24", "the inner side of translators"),
    ("192.0.2.0/24", "examples"),
    ("192.88.99.0/24", "relays to IPv6, gone"),
    ("192.168.0.0/16", "private networks"),
    ("198.18.0.0/15", "measurements"),
    ("198.51.100.0/24", "examples"),
    ("203.0.113.0/24", "examples"),
    ("224.0.0.0/3", "multicast, reserved, broadcast"),
];

/// Addresses that are no place of the Internet, the first and the last of each block of IPv4 and some of
/// IPv6: what is tried to show that they are closed.
pub fn closed() -> Vec<IpAddr> {
    let ends = |block: &str| {
        let (first, bits) = block.split_once('/')?;
        let first = first.parse::<Ipv4Addr>().ok()?.to_bits();
        let all = u32::MAX.checked_shr(bits.parse().ok()?).unwrap_or(0);
        // Beside those that stand for the block itself and for all in it.
        Some([first | 1, (first | all) & !1].map(Ipv4Addr::from_bits))
    };
    let unicast = CLOSED4.iter().map(|(block, _)| block);
    let unicast = unicast.filter(|block| !SELF4.contains(*block));
    let v4 = unicast.filter_map(|block| ends(block)).flatten();
    let v6 = OUTSIDE6.iter().filter_map(|address| address.parse().ok());
    v4.map(IpAddr::from).chain(v6).collect()
}

/// Of [`CLOSED4`], what is this host wherever it is, or many hosts at once.
const SELF4: &[&str] = &["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"];

/// Some of each kind: private, of the provider's translator, discarded, wrapped, not given to anybody.
const OUTSIDE6: &[&str] = &[
    "fc00::1",
    "fd00::1",
    "fdff:ffff::1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "3fff::1",
    "4000::1",
    "fec0::1",
];

/// The one IPv6 block that has places of the Internet.
const OPEN6: &str = "2000::/3";

/// What in it is none, each with its reason.
const CLOSED6: &[(&str, &str)] = &[
    ("2001::/23", "Teredo and other protocols, which wrap IPv4"),
    ("2001:db8::/32", "examples"),
    (
        "2002::/16",
        "6to4, which wraps IPv4 addresses, private ones too",
    ),
    ("3fff::/20", "examples"),
];

/// Which questions for names are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolvers {
    /// Those to [`GATEWAY4`].
    pub v4: bool,
    /// Those to [`GATEWAY6`].
    pub v6: bool,
}

/// A block of addresses: all that share so many first bits with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Block {
    /// One of them.
    pub address: IpAddr,
    /// How many bits.
    pub bits: u8,
}

impl Block {
    /// The network that an interface of the host is in, as far as it is a neighbourhood: where a
    /// route for much of the Internet is made as a wide network, the address alone.
    pub fn neighbours(address: IpAddr, bits: u8) -> Self {
        let (widest, all) = match address {
            IpAddr::V4(_) => (8, 32),
            IpAddr::V6(_) => (16, 128),
        };
        let bits = if (widest..=all).contains(&bits) {
            bits
        } else {
            all
        };
        Self { address, bits }
    }
}

impl std::fmt::Display for Block {
    /// As nft reads it: bits behind the block are zero.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bits = u32::from(self.bits);
        match self.address {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                write!(f, "{}/{bits}", Ipv4Addr::from_bits(ip.to_bits() & mask))
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                write!(f, "{}/{bits}", Ipv6Addr::from_bits(ip.to_bits() & mask))
            }
        }
    }
}

/// The group of the kernel's packet log (nfnetlink_log) that hears of refused packets, in the sandbox's network.
pub const REFUSALS: u16 = 7;
/// How many bytes of such a packet are told: the header, with a destination, and the ports.
pub const REFUSED: u32 = 64;

/// The rules of mode `internet`, for nft: what leaves the sandbox is for the Internet, or a
/// question for a name. `host` are the host's own addresses with the networks around them, which
/// may be public ones.
///
/// What is refused is told to [`REFUSALS`] if `told`: now and then, of it the first bytes alone. Multicast is not,
/// since programs look around by it all the time.
///
/// The text replaces what was there in one step, so that nothing is ever open in between.
pub fn rules(host: &[Block], resolvers: Resolvers, told: bool) -> String {
    let blocks = |list: &[(&str, &str)]| {
        let names: Vec<_> = list.iter().map(|(block, _)| *block).collect();
        names.join(", ")
    };
    let host_blocks = |v4: bool| {
        let list = host.iter().filter(|block| block.address.is_ipv4() == v4);
        let list: Vec<_> = list.map(Block::to_string).collect();
        if list.is_empty() {
            String::new()
        } else {
            format!(" elements = {{ {} }};", list.join(", "))
        }
    };
    let mut names = String::new();
    for (answered, family, gateway) in [
        (resolvers.v4, "ip", IpAddr::from(GATEWAY4)),
        (resolvers.v6, "ip6", IpAddr::from(GATEWAY6)),
    ] {
        if answered {
            names.push_str(&format!(
                "    {family} daddr {gateway} udp dport 53 accept\n"
            ));
        }
    }
    let mut tell = String::new();
    for others in ["ip daddr != 224.0.0.0/3", "ip6 daddr != ff00::/8"] {
        if told {
            tell.push_str(&format!(
                "    {others} meta l4proto {{ tcp, udp }} limit rate 20/second burst 40 packets \
                 log group {REFUSALS} snaplen {REFUSED}\n"
            ));
        }
    }
    format!(
        "table inet oz
delete table inet oz
table inet oz {{
  set closed4 {{ type ipv4_addr; flags interval; elements = {{ {closed4} }}; }}
  set closed6 {{ type ipv6_addr; flags interval; elements = {{ {closed6} }}; }}
  set host4 {{ type ipv4_addr; flags interval; auto-merge;{host4} }}
  set host6 {{ type ipv6_addr; flags interval; auto-merge;{host6} }}
  chain refuse {{
{tell}    reject with icmpx type admin-prohibited
  }}
  chain output {{
    type filter hook output priority filter; policy drop;
    oifname \"lo\" accept
{names}    icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
    ip daddr @closed4 goto refuse
    ip daddr @host4 goto refuse
    ip6 daddr != {OPEN6} goto refuse
    ip6 daddr @closed6 goto refuse
    ip6 daddr @host6 goto refuse
    meta l4proto {{ tcp, udp }} accept
    icmp type echo-request accept
    icmpv6 type echo-request accept
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
  }}
}}
",
        closed4 = blocks(CLOSED4),
        closed6 = blocks(CLOSED6),
        host4 = host_blocks(true),
        host6 = host_blocks(false),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(address: &str, bits: u8) -> Block {
        Block::neighbours(address.parse().expect("an address"), bits)
    }

    #[test]
    fn a_neighbourhood_is_the_network_or_the_address_alone() {
        assert_eq!(block("9.9.9.9", 24).to_string(), "9.9.9.0/24");
        assert_eq!(block("9.9.9.9", 0).to_string(), "9.9.9.9/32");
        assert_eq!(block("9.9.9.9", 99).to_string(), "9.9.9.9/32");
        assert_eq!(block("2a00:1::5", 64).to_string(), "2a00:1::/64");
        assert_eq!(block("2a00:1::5", 3).to_string(), "2a00:1::5/128");
    }

    #[test]
    fn what_is_tried_is_of_every_closed_block() {
        let closed = closed();
        let has = |address: &str| closed.contains(&address.parse().expect("an address"));
        for address in [
            "10.0.0.1",
            "10.255.255.254",
            "192.168.255.254",
            "169.254.0.1",
            "100.64.0.1",
            "203.0.113.254",
            "fd00::1",
        ] {
            assert!(has(address), "{address}: {closed:?}");
        }
        let kinds = CLOSED4.len() - SELF4.len();
        assert_eq!(closed.len(), 2 * kinds + OUTSIDE6.len());
    }

    #[test]
    fn the_rules_are_these() {
        let host = [block("9.9.9.9", 24), block("2a00:1::5", 64)];
        let resolvers = Resolvers {
            v4: true,
            v6: false,
        };
        insta::assert_snapshot!(rules(&host, resolvers, true));
        let untold = rules(&host, resolvers, false);
        assert!(!untold.contains("log"), "{untold}");
    }
}
