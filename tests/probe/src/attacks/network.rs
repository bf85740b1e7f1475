//! Whatever has an address: the host's own, its neighbours', and everybody's.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::attack::{Attack, Class, KERNEL, attack, unshown};
use crate::outcome::{Outcome, Stop, refused};
use crate::target::Target;

const WAIT: Duration = Duration::from_secs(2);
const HOST: &str = "the host's addresses";
const LINK: &str = "link-local, multicast";
const OTHERS: &str = "the test network may have none";

/// What is attacked. Who answers says the nonce, so that no other listener is taken for the host.
pub const ATTACKS: &[Attack] = &[
    attack("tcp-host-loopback", Class::Network, HOST, |t| {
        tcp(t, "tcp.loopback")
    }),
    attack("tcp-host-loopback-other", Class::Network, HOST, |t| {
        let mut address = resolve(t, "tcp.loopback")?;
        address.set_ip(Ipv4Addr::new(127, 1, 2, 3).into());
        answer(t, address)
    }),
    attack("tcp-host-unspecified", Class::Network, HOST, |t| {
        let mut address = resolve(t, "tcp.loopback")?;
        address.set_ip(Ipv4Addr::UNSPECIFIED.into());
        answer(t, address)
    }),
    unshown("tcp-host-loopback-v6", Class::Network, HOST, OTHERS, |t| {
        tcp(t, "tcp.loopback6")
    }),
    unshown("tcp-host-lan", Class::Network, HOST, OTHERS, |t| {
        tcp(t, "tcp.lan")
    }),
    unshown("tcp-host-lan-v6", Class::Network, HOST, OTHERS, |t| {
        tcp(t, "tcp.lan6")
    }),
    unshown("tcp-host-link-local", Class::Network, LINK, OTHERS, |t| {
        tcp(t, "tcp.link6")
    }),
    unshown(
        "tcp-host-mapped-v4",
        Class::Network,
        "IPv4 written as IPv6",
        OTHERS,
        |t| {
            let SocketAddr::V4(address) = resolve(t, "tcp.loopback")? else {
                return refused("not IPv4");
            };
            answer(
                t,
                SocketAddr::new(address.ip().to_ipv6_mapped().into(), address.port()),
            )
        },
    ),
    attack("udp-host-loopback", Class::Network, HOST, |t| {
        udp(t, "udp.loopback")
    }),
    unshown("udp-host-lan", Class::Network, HOST, OTHERS, |t| {
        udp(t, "udp.lan")
    }),
    unshown("udp-host-link-local", Class::Network, LINK, OTHERS, |t| {
        udp(t, "udp.link6")
    }),
    unshown("udp-multicast", Class::Network, LINK, OTHERS, |t| {
        udp(t, "udp.multicast")
    }),
    unshown("udp-broadcast", Class::Network, "LAN", OTHERS, |t| {
        udp(t, "udp.broadcast")
    }),
    unshown("tcp-gateway", Class::Network, "LAN", OTHERS, |t| {
        let address = format!("{}:53", t.get("gateway")?);
        reached(&address)
    }),
    unshown("tcp-resolver", Class::Network, "LAN", OTHERS, |t| {
        let address = format!("{}:53", t.get("resolver")?);
        reached(&address)
    }),
    unshown("tcp-cloud-metadata", Class::Network, LINK, OTHERS, |_| {
        reached("169.254.169.254:80")
    }),
    unshown("tcp-internet", Class::Network, "network", OTHERS, |_| {
        reached("1.1.1.1:443")
    }),
    unshown("listen-to-host", Class::Network, "network", KERNEL, |t| {
        // A socket bound to an address of the host's, which the host would then talk to.
        let address = resolve(t, "tcp.lan")?.ip();
        std::net::TcpListener::bind((address, 0))?;
        Ok(format!("{address} is ours"))
    }),
];

fn resolve(target: &Target, key: &str) -> Result<SocketAddr, Stop> {
    let text = target.get(key)?;
    text.parse()
        .or_else(|_| refused(format!("{text} is no address")))
}

fn tcp(target: &Target, key: &str) -> Outcome {
    answer(target, resolve(target, key)?)
}

fn answer(target: &Target, address: SocketAddr) -> Outcome {
    let mut stream = TcpStream::connect_timeout(&address, WAIT)?;
    stream.set_read_timeout(Some(WAIT))?;
    let mut text = Vec::new();
    let _ = stream.by_ref().take(256).read_to_end(&mut text);
    target.recognised(&address.to_string(), &text)
}

fn reached(address: &str) -> Outcome {
    let address: SocketAddr = match address.parse() {
        Ok(address) => address,
        Err(_) => return refused("no address"),
    };
    TcpStream::connect_timeout(&address, WAIT)?;
    Ok(format!("{address} is reached"))
}

fn udp(target: &Target, key: &str) -> Outcome {
    let address = resolve(target, key)?;
    let any = if address.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any)?;
    socket.set_broadcast(true)?;
    socket.set_read_timeout(Some(WAIT))?;
    socket.send_to(b"who is there?", address)?;
    let mut bytes = [0; 256];
    let (length, _) = socket.recv_from(&mut bytes)?;
    target.recognised(&address.to_string(), &bytes[..length])
}
