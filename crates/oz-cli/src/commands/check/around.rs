//! The network that this machine is in: its own addresses, its routers, its neighbours. An app with the
//! Internet must reach none of them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use oz_core::wire::check::Around;

/// Most of a kind; a machine with containers has hundreds.
const MOST: usize = 32;

/// This machine's addresses, with no port chosen.
pub(super) fn own() -> Vec<SocketAddr> {
    let all = getifaddrs().into_iter().flatten();
    let addresses = all.filter_map(|interface| socket_address(interface.address.as_ref()?));
    limited(addresses)
}

/// Everything else.
pub(super) fn look() -> Around {
    let read = |name: &str| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    let (first_and_last, broadcasts) = networks();
    let known = neighbours(&read("arp")).into_iter().map(IpAddr::from);
    Around {
        routers: limited(routers4(&read("route")).chain(routers6(&read("ipv6_route")))),
        neighbours: limited(known.chain(first_and_last)),
        broadcasts: limited(broadcasts.into_iter()),
    }
}

fn limited<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut some = Vec::new();
    for one in all {
        if some.len() < MOST && !some.contains(&one) {
            some.push(one);
        }
    }
    some
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some((v4.ip(), 0).into());
    }
    let v6 = address.as_sockaddr_in6()?;
    Some(SocketAddrV6::new(v6.ip(), 0, 0, v6.scope_id()).into())
}

/// Who else is in the networks around this machine's addresses, by the addresses alone.
fn networks() -> (Vec<IpAddr>, Vec<Ipv4Addr>) {
    let (mut hosts, mut broadcasts) = (Vec::new(), Vec::new());
    for interface in getifaddrs().into_iter().flatten() {
        let address = interface.address.as_ref().and_then(socket_address);
        let mask = interface.netmask.as_ref().and_then(socket_address);
        match (address.map(|a| a.ip()), mask.map(|m| m.ip())) {
            (Some(IpAddr::V4(own)), Some(IpAddr::V4(mask))) if !own.is_loopback() => {
                let (others, all) = network4(own, mask);
                hosts.extend(others.map(IpAddr::from));
                broadcasts.extend(all);
            }
            (Some(IpAddr::V6(own)), Some(IpAddr::V6(mask)))
                if !own.is_loopback() && !own.is_unicast_link_local() =>
            {
                hosts.extend(network6(own, mask).map(IpAddr::from));
            }
            _ => {}
        }
    }
    (hosts, broadcasts)
}

/// The first and the last host, without oneself, and all of them at once.
fn network4(own: Ipv4Addr, mask: Ipv4Addr) -> (impl Iterator<Item = Ipv4Addr>, Option<Ipv4Addr>) {
    let (own, mask) = (own.to_bits(), mask.to_bits());
    // One with fewer than two others in it has no broadcast.
    let is_network = mask.leading_ones() <= 30;
    let ends = [(own & mask) | 1, (own | !mask) & !1];
    let others = ends
        .into_iter()
        .filter(move |end| is_network && *end != own)
        .map(Ipv4Addr::from_bits);
    (others, is_network.then(|| Ipv4Addr::from_bits(own | !mask)))
}

/// The first host, without oneself.
fn network6(own: Ipv6Addr, mask: Ipv6Addr) -> Option<Ipv6Addr> {
    let (own, mask) = (own.to_bits(), mask.to_bits());
    let first = (own & mask) | 1;
    (mask.leading_ones() <= 126 && first != own).then(|| Ipv6Addr::from_bits(first))
}

/// Gateways in `/proc/net/route`: interface, destination, gateway, in the byte order of the machine.
fn routers4(routes: &str) -> impl Iterator<Item = IpAddr> {
    routes.lines().skip(1).filter_map(|line| {
        let gateway = line.split_whitespace().nth(2)?;
        let gateway = u32::from_str_radix(gateway, 16).ok()?;
        (gateway != 0).then(|| Ipv4Addr::from(gateway.to_ne_bytes()).into())
    })
}

/// Those in `/proc/net/ipv6_route`, where the gateway is the fifth word. One on the link is tried as such.
fn routers6(routes: &str) -> impl Iterator<Item = IpAddr> {
    routes.lines().filter_map(|line| {
        let gateway = line.split_whitespace().nth(4)?;
        let gateway = Ipv6Addr::from_bits(u128::from_str_radix(gateway, 16).ok()?);
        let is_one = !gateway.is_unspecified() && !gateway.is_unicast_link_local();
        is_one.then_some(gateway.into())
    })
}

/// First words of `/proc/net/arp`.
fn neighbours(arp: &str) -> Vec<Ipv4Addr> {
    let lines = arp.lines().skip(1);
    lines
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Ipv4Addr {
        text.parse().expect("an address")
    }

    #[test]
    fn routers_are_read_from_the_kernel_s_tables() {
        let routes = "Iface\tDestination\tGateway\tFlags\n\
                      lan0\t00000000\t014DA8C0\t0003\nlan0\t004DA8C0\t00000000\t0001\nnonsense\n";
        let routers: Vec<_> = routers4(routes).collect();
        #[cfg(target_endian = "little")]
        assert_eq!(routers, [IpAddr::from(v4("192.168.77.1"))]);
        let zero = "0".repeat(32);
        let line = |gateway: &str| format!("{zero} 00 {zero} 00 {gateway} 00000400 1 0 3 lan0\n");
        let (public, link) = (
            "2a0e0077000000000000000000000001",
            "fe800000000000000000000000000001",
        );
        let routes = line(public) + &line(link) + &line(&zero) + "x\n";
        let routers: Vec<_> = routers6(&routes).collect();
        assert_eq!(
            routers,
            ["2a0e:77::1".parse::<IpAddr>().expect("an address")]
        );
    }

    #[test]
    fn others_in_a_network_are_its_first_and_last() {
        let of = |own: &str, mask: &str| {
            let (others, all) = network4(v4(own), v4(mask));
            (others.collect::<Vec<_>>(), all)
        };
        let (others, all) = of("192.168.77.2", "255.255.255.0");
        assert_eq!(others, [v4("192.168.77.1"), v4("192.168.77.254")]);
        assert_eq!(all, Some(v4("192.168.77.255")));
        assert_eq!(of("192.168.77.1", "255.255.255.0").0.len(), 1);
        assert_eq!(of("44.55.66.77", "255.255.255.255"), (Vec::new(), None));
        let own = "2a0e:77::2".parse().expect("an address");
        let mask = |bits: u32| Ipv6Addr::from_bits(!(u128::MAX >> bits));
        assert_eq!(network6(own, mask(64)), "2a0e:77::1".parse().ok());
        assert_eq!(network6(own, Ipv6Addr::from_bits(u128::MAX)), None);
    }

    #[test]
    fn neighbours_are_those_that_were_spoken_to() {
        let arp = "IP address HW type Flags HW address Mask Device\n\
                   192.168.77.9 0x1 0x2 02:00:00:00:00:09 * lan0\nnonsense\n";
        assert_eq!(neighbours(arp), [v4("192.168.77.9")]);
    }

    #[test]
    fn this_machine_has_its_loopback() {
        let loopback = |address: &SocketAddr| address.ip().is_loopback();
        assert!(own().iter().any(loopback));
    }
}
