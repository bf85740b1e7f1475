//! Other machines, and this one's ports and sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use oz_core::plan::Mode;
use oz_core::plan::network::{self, INTERFACE};
use oz_core::report::Wall;
use oz_core::wire::check::Ask;
use rustix::io::Errno;

use super::Trial;
use crate::verdict::Verdict;

/// How long something may take to not answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a router or a neighbour may answer at; whether somebody listens there does not matter.
const PORTS: &[u16] = &[53, 80, 443];
/// Nobody does anything with what arrives there (RFC 863).
const DISCARD: u16 = 9;
/// Interfaces by which a link-local address may be meant; 1 is the loopback, in every network.
const INTERFACES: std::ops::RangeInclusive<u32> = 2..=6;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Network,
        claim: "this machine cannot be reached by any of its addresses",
        run: |ask| {
            // Somebody listens at each: no other answer comes from there, and that of one's own loopback
            // is none.
            let reached = |port| TcpStream::connect_timeout(&port, PATIENCE).is_ok();
            let left = |port: SocketAddr| reached(port).then(|| port.to_string());
            verdict(ask.ports.len(), in_parallel(ask.ports.clone(), left))
        },
    },
    Trial {
        wall: Wall::Network,
        claim: "this machine's routers cannot be reached",
        run: |ask| unless_host(ask, || tcp(at_ports(&ask.around.routers))),
    },
    Trial {
        wall: Wall::Network,
        claim: "this machine's neighbours cannot be reached",
        run: |ask| unless_host(ask, || tcp(at_ports(&ask.around.neighbours))),
    },
    Trial {
        wall: Wall::Network,
        claim: "private networks cannot be reached",
        run: |ask| unless_host(ask, || tcp(closed(is_private))),
    },
    Trial {
        wall: Wall::Network,
        claim: "link-local addresses cannot be reached",
        run: |ask| unless_host(ask, link_local),
    },
    Trial {
        wall: Wall::Network,
        claim: "no other address that is not of the Internet can be reached",
        run: |ask| unless_host(ask, || tcp(closed(|_| true))),
    },
    Trial {
        wall: Wall::Network,
        claim: "nothing can be sent to many at once",
        run: |ask| unless_host(ask, || datagrams(&many(ask))),
    },
    Trial {
        wall: Wall::Network,
        claim: "there is no way to another machine unless the plan gives one",
        run: |ask| {
            if ask.plan.network.mode != Mode::None {
                return Verdict::holds("the plan gives one");
            }
            let far: [SocketAddr; 2] = [
                ([192, 0, 2, 1], 9).into(),
                ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9).into(),
            ];
            let open = far.into_iter().filter(|to| {
                let any: SocketAddr = if to.is_ipv4() {
                    ([0, 0, 0, 0], 0).into()
                } else {
                    ([0u16; 8], 0).into()
                };
                // A connected datagram socket sends nothing, and needs a route.
                UdpSocket::bind(any).is_ok_and(|socket| socket.connect(to).is_ok())
            });
            Verdict::nothing(&open.map(|to| to.to_string()).collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Network,
        claim: "it has no interface of the machine",
        run: |ask| {
            let planned = |name: &str| {
                let own = name == INTERFACE && ask.plan.network.mode == Mode::Internet;
                name == "lo" || own
            };
            let list = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
            let names = list.lines().skip(2).filter_map(|line| line.split_once(':'));
            let others = names.map(|(name, _)| name.trim().to_owned());
            Verdict::nothing(&others.filter(|name| !planned(name)).collect::<Vec<_>>())
        },
    },
    Trial {
        wall: Wall::Services,
        claim: "abstract sockets of the session cannot be reached",
        run: |ask| {
            let address =
                std::os::unix::net::SocketAddr::from_abstract_name(ask.abstract_socket.as_bytes());
            Verdict::of_failure(address.and_then(|address| UnixStream::connect_addr(&address)))
        },
    },
    Trial {
        wall: Wall::Services,
        claim: "the system's buses are not there",
        run: |_| {
            let sockets = [
                "/run/dbus/system_bus_socket",
                "/var/run/dbus/system_bus_socket",
                "/run/systemd/private",
                "/run/docker.sock",
                "/var/run/docker.sock",
                "/tmp/.ICE-unix",
            ];
            let seen = sockets
                .into_iter()
                .filter(|path| std::path::Path::new(path).exists());
            Verdict::nothing(&seen.map(str::to_owned).collect::<Vec<_>>())
        },
    },
];

/// Some of the addresses that are no place of the Internet, at a port.
fn closed(wanted: fn(&IpAddr) -> bool) -> Vec<SocketAddr> {
    let all = network::closed().into_iter();
    all.filter(wanted)
        .map(|address| (address, PORTS[1]).into())
        .collect()
}

fn at_ports(addresses: &[IpAddr]) -> Vec<SocketAddr> {
    let at = |address: &IpAddr| {
        let address = *address;
        PORTS.iter().map(move |port| (address, *port).into())
    };
    addresses.iter().flat_map(at).collect()
}

/// Who would get what is sent to many: multicast on the link and in the site, broadcast everywhere and
/// in each network.
fn many(ask: &Ask) -> Vec<SocketAddr> {
    let v4 = [[224, 0, 0, 251], [239, 255, 255, 250], [255; 4]].map(Ipv4Addr::from);
    let v4 = v4.iter().chain(&ask.around.broadcasts);
    let v4 = v4.map(|address| (*address, DISCARD).into());
    let v6 = INTERFACES.flat_map(|scope| {
        [0xff02, 0xff05].map(|first| {
            let all = Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0xfb);
            SocketAddrV6::new(all, DISCARD, 0, scope).into()
        })
    });
    v4.chain(v6).collect()
}

/// Holds if no connection leaves: a wall refuses at once. Who is silent may have been reached, and
/// who refuses has.
fn tcp(places: Vec<SocketAddr>) -> Verdict {
    verdict(places.len(), connected(places))
}

fn connected(places: Vec<SocketAddr>) -> Vec<String> {
    let left = |place: SocketAddr| match TcpStream::connect_timeout(&place, PATIENCE) {
        Ok(_) => Some(place.to_string()),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::CONNREFUSED | Errno::CONNRESET) => Some(format!("{place} refuses")),
            // The standard library's own error for a time that is over has no number.
            None | Some(Errno::TIMEDOUT) => Some(format!("{place} is silent")),
            Some(_) => None,
        },
    };
    in_parallel(places, left)
}

/// Holds if none can be sent.
fn datagrams(places: &[SocketAddr]) -> Verdict {
    verdict(places.len(), sent(places))
}

fn sent(places: &[SocketAddr]) -> Vec<String> {
    let left = places.iter().filter(|place| send(place).is_ok());
    left.map(ToString::to_string).collect()
}

fn send(place: &SocketAddr) -> std::io::Result<usize> {
    let any: IpAddr = match place {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_broadcast(true)?;
    socket.send_to(&[], place)
}

/// What comes of each; nobody waits for more than one.
fn in_parallel(
    places: Vec<SocketAddr>,
    each: impl Fn(SocketAddr) -> Option<String> + Sync,
) -> Vec<String> {
    thread::scope(|scope| {
        let each = &each;
        let all: Vec<_> = places
            .into_iter()
            .map(|place| scope.spawn(move || each(place)))
            .collect();
        all.into_iter()
            .filter_map(|one| {
                one.join()
                    .unwrap_or_else(|_| Some("a trial failed".to_owned()))
            })
            .collect()
    })
}

fn verdict(tried: usize, left: Vec<String>) -> Verdict {
    match left.as_slice() {
        [] => Verdict::holds(format!("{tried} tried, all refused")),
        some => Verdict::broken(some.join(", ")),
    }
}

/// What is open is not tried: on a network that is not ours it would be a nuisance for nothing.
fn unless_host(ask: &Ask, trial: impl FnOnce() -> Verdict) -> Verdict {
    match ask.plan.network.mode {
        Mode::Host => Verdict::broken("not tried: the plan gives this machine's network"),
        Mode::None | Mode::Internet => trial(),
    }
}

fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.octets()[..2] == [100, 64],
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

fn link_local() -> Verdict {
    // The kernel does not tell the sender that it refused a connection there, but it does of a datagram.
    let v6 = INTERFACES.map(|scope| {
        let first = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        SocketAddrV6::new(first, DISCARD, 0, scope).into()
    });
    let v6: Vec<SocketAddr> = v6.collect();
    // Where clouds keep what their machines are known by.
    let metadata = SocketAddr::from(([169, 254, 169, 254], PORTS[1]));
    let v4 = closed(|address| matches!(address, IpAddr::V4(v4) if v4.is_link_local()));
    let v4: Vec<SocketAddr> = v4.into_iter().chain([metadata]).collect();
    verdict(v4.len() + v6.len(), [connected(v4), sent(&v6)].concat())
}
