//! What of the host's network a sandbox must not reach, and whom it asks for names.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;
use oz_core::plan::network::{Block, Resolvers};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::failure::{Failure, Kind, Result};
use crate::readiness;

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Groups of rtnetlink: addresses of IPv4 and of IPv6.
const ADDRESSES: u32 = 0x10 | 0x100;

/// What matters of the host's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostNetwork {
    /// Its own addresses, each with the network around it, in order.
    pub(super) blocks: Vec<Block>,
    /// Its first name server of either family.
    pub(super) resolvers: Vec<IpAddr>,
}

impl HostNetwork {
    pub(super) fn look() -> Result<Self> {
        let blocks = blocks().map_err(|error| {
            Failure::new(
                Kind::Host,
                format!("cannot list the host's addresses: {error}"),
                "Without them an app could reach this machine: start it with `--net none`",
            )
        })?;
        let text = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
        Ok(Self {
            blocks,
            resolvers: resolvers(&text),
        })
    }

    /// Whose questions are answered.
    pub(super) fn answered(&self) -> Resolvers {
        Resolvers {
            v4: self.resolvers.iter().any(IpAddr::is_ipv4),
            v6: self.resolvers.iter().any(IpAddr::is_ipv6),
        }
    }
}

fn blocks() -> io::Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for interface in getifaddrs()? {
        let Some(address) = interface.address.as_ref().and_then(ip) else {
            continue;
        };
        let mask = interface.netmask.as_ref().and_then(ip);
        blocks.push(Block::neighbours(address, mask.map_or(0, ones)));
        // The other end of a line with two ends.
        let point_to_point = interface.flags.contains(InterfaceFlags::IFF_POINTOPOINT);
        if let Some(peer) = interface.destination.as_ref().and_then(ip)
            && point_to_point
        {
            blocks.push(Block::neighbours(peer, 0));
        }
    }
    blocks.sort();
    blocks.dedup();
    Ok(blocks)
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(v4.ip().into());
    }
    address.as_sockaddr_in6().map(|v6| v6.ip().into())
}

fn ones(mask: IpAddr) -> u8 {
    let bits = match mask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    };
    u8::try_from(bits).unwrap_or(0)
}

/// The first of either family that can be asked from anywhere: one that is only reached through a
/// named interface cannot.
fn resolvers(resolv_conf: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for line in resolv_conf.lines() {
        let mut words = line.split_whitespace();
        if words.next() != Some("nameserver") {
            continue;
        }
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else {
            continue;
        };
        if !found
            .iter()
            .any(|other| other.is_ipv4() == address.is_ipv4())
        {
            found.push(address);
        }
    }
    found
}

/// Tells when the host's addresses change. What the kernel says about it is not looked at.
pub(super) struct Changes(AsyncFd<OwnedFd>);

impl Changes {
    pub(super) fn new() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            flags,
            // NETLINK_ROUTE is protocol 0.
            None,
        )?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, ADDRESSES))?;
        Ok(Self(readiness::watch(socket, Interest::READABLE)?))
    }

    /// Returns after a change, or when so many came that some were lost.
    pub(super) async fn next(&mut self) {
        loop {
            let Ok(mut ready) = self.0.readable().await else {
                return;
            };
            let mut any = false;
            let mut buffer = [0_u8; 8192];
            loop {
                match rustix::net::recv(ready.get_inner(), &mut buffer, RecvFlags::DONTWAIT) {
                    Err(rustix::io::Errno::AGAIN) => break,
                    // Also that messages were lost: then there were some.
                    _ => any = true,
                }
            }
            ready.clear_ready();
            if any {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_s_own_loopback_is_among_its_addresses() {
        let blocks = blocks().expect("listed");
        let text: Vec<_> = blocks.iter().map(Block::to_string).collect();
        assert!(text.contains(&"127.0.0.0/8".to_owned()), "{text:?}");
    }

    #[test]
    fn the_first_name_server_of_either_family_is_asked() {
        let text = "# nameserver 1.1.1.1\nsearch x\nnameserver fe80::1%eth0\nnameserver 127.0.0.53\n\
                    nameserver 10.0.0.1\nnameserver 2a00::53 \nnameserver nonsense\n";
        let expected: Vec<IpAddr> = ["127.0.0.53", "2a00::53"]
            .map(|address| address.parse().expect("an address"))
            .into();
        assert_eq!(resolvers(text), expected);
        assert!(resolvers("").is_empty());
    }
}
