//! Other machines, and this one's ports and sockets.

use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use oz_core::plan::Mode;
use oz_core::plan::network::INTERFACE;
use oz_core::report::Wall;

use super::Trial;
use crate::verdict::Verdict;

/// How long something may take to not answer.
const PATIENCE: Duration = Duration::from_secs(2);

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Network,
        claim: "ports of this machine cannot be reached",
        run: |ask| {
            let reached = ask
                .ports
                .iter()
                .filter(|port| TcpStream::connect_timeout(port, PATIENCE).is_ok());
            Verdict::nothing(&reached.map(ToString::to_string).collect::<Vec<_>>())
        },
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
                "/tmp/.X11-unix",
                "/tmp/.ICE-unix",
            ];
            let seen = sockets
                .into_iter()
                .filter(|path| std::path::Path::new(path).exists());
            Verdict::nothing(&seen.map(str::to_owned).collect::<Vec<_>>())
        },
    },
];
