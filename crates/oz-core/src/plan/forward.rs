//! Forwards: single ports and sockets through the wall of a sandbox's network.
//!
//! One is written `DIRECTION:LISTEN[=TARGET]`. `in` listens inside and connects on the host, `out`
//! listens on the host and connects inside. LISTEN and TARGET are `tcp:[ADDRESS:]PORT`,
//! `udp:[ADDRESS:]PORT` or `unix:PATH`; an address that is not said is 127.0.0.1, a protocol that
//! TARGET does not say is that of LISTEN, and no TARGET at all is the same as LISTEN.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Component, Path};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most forwards of one sandbox.
pub const MOST: usize = 16;

/// Longest path of a socket: `sun_path` less its NUL.
const MAX_PATH: usize = 107;

/// Sockets whose owner does for any client what it asks for, each with its reason: behind one
/// of them there is no sandbox any more.
const NEVER: &[(&str, &str)] = &[
    ("/run/dbus", "the system bus starts privileged services"),
    ("/var/run/dbus", "the system bus starts privileged services"),
    ("/run/systemd", "it starts programs outside"),
    ("/run/docker.sock", "it is root on the host"),
    ("/var/run/docker.sock", "it is root on the host"),
    ("/run/podman", "it starts containers outside"),
    ("/run/containerd", "it is root on the host"),
    ("/run/user/*/bus", "the session bus starts programs outside"),
    ("/run/user/*/systemd", "it starts programs outside"),
    ("/run/user/*/podman", "it starts containers outside"),
    ("/run/user/*/docker.sock", "it starts containers outside"),
    ("/run/user/*/oz", "sockets of Oz itself"),
    ("/run/user/*/at-spi", "it reads and types into every window"),
    ("/run/user/*/pipewire-*", "it hears and sees without asking"),
    ("/run/user/*/pulse", "the audio proxy serves sound"),
    (
        "/tmp/.X11-unix",
        "every client of an X server is its master",
    ),
    ("/run/user/*/wayland-*", "the display proxy serves windows"),
];

/// Through the wall of a sandbox's network at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "profiles", schemars(with = "String"))]
pub struct Forward {
    /// Which side listens.
    pub direction: Direction,
    /// Where it listens.
    pub listen: Endpoint,
    /// Where each connection leads.
    pub target: Endpoint,
}

/// Which side listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Programs inside connect, something on the host answers.
    In,
    /// Programs on the host connect, something inside answers.
    Out,
}

/// One end of a forward.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Endpoint {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A UDP port.
    Udp(SocketAddr),
    /// A stream socket in the file system.
    Unix(String),
}

impl Endpoint {
    /// Whether it carries datagrams.
    pub fn is_datagram(&self) -> bool {
        matches!(self, Self::Udp(_))
    }

    fn protocol(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Udp(_) => "udp",
            Self::Unix(_) => "unix",
        }
    }

    fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) | Self::Udp(address) => Some(address.ip()),
            Self::Unix(_) => None,
        }
    }

    fn parse(text: &str, default: Option<&'static str>) -> Result<Self, String> {
        let known = ["tcp", "udp", "unix"];
        let said = text
            .split_once(':')
            .filter(|(word, _)| known.contains(word));
        let (protocol, place) = match (said, default) {
            (Some((protocol, place)), _) => (protocol, place),
            (None, Some(default)) => (default, text),
            (None, None) => return Err("it says neither tcp, udp nor unix".to_owned()),
        };
        match protocol {
            "tcp" => socket_address(place).map(Self::Tcp),
            "udp" => socket_address(place).map(Self::Udp),
            _ => socket_path(place).map(Self::Unix),
        }
    }
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let address = match text.parse::<u16>() {
        Ok(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        Err(_) => text.parse::<SocketAddr>().map_err(|_| {
            format!(
                "{} is neither a port nor ADDRESS:PORT, with a number as the address",
                text.escape_debug()
            )
        })?,
    };
    if address.port() == 0 {
        return Err("there is no port 0".to_owned());
    }
    Ok(address)
}

fn socket_path(text: &str) -> Result<String, String> {
    let path = Path::new(text);
    let plain = path.is_absolute()
        && path.components().all(|part| part != Component::ParentDir)
        && path.file_name().is_some()
        && !text.ends_with('/')
        && !text.chars().any(char::is_control);
    if !plain || text.len() > MAX_PATH {
        return Err(format!(
            "{} is not an absolute path of at most {MAX_PATH} bytes",
            text.escape_debug()
        ));
    }
    // One spelling for one place.
    let parts = path.components().skip(1);
    let parts: Vec<_> = parts.filter_map(|part| part.as_os_str().to_str()).collect();
    Ok(format!("/{}", parts.join("/")))
}

impl Forward {
    fn check(&self) -> Result<(), String> {
        if self.listen.is_datagram() != self.target.is_datagram() {
            return Err(
                "datagrams do not go into a stream, nor a stream into datagrams".to_owned(),
            );
        }
        if self.listen.address().is_some_and(|ip| !ip.is_loopback()) {
            return Err(
                "it would listen for more than its own machine: use 127.0.0.1 or [::1]".to_owned(),
            );
        }
        match (self.direction, self.target.address()) {
            (Direction::Out, Some(ip)) if !ip.is_loopback() => {
                Err("what is reached inside is on 127.0.0.1 or [::1]".to_owned())
            }
            (Direction::In, Some(ip)) if is_many(ip) => {
                Err(format!("{ip} is not the address of one machine"))
            }
            _ => match &self.target {
                Endpoint::Unix(path) if self.direction == Direction::In => never(path),
                _ => Ok(()),
            },
        }
    }
}

fn is_many(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    ip.is_unspecified() || ip.is_multicast() || broadcast
}

/// A pattern may end in `*`.
fn is_like(part: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => part.starts_with(start),
        None => part == pattern,
    }
}

fn never(path: &str) -> Result<(), String> {
    for (pattern, reason) in NEVER {
        let mut parts = path.split('/');
        let covers = pattern
            .split('/')
            .all(|want| parts.next().is_some_and(|part| is_like(part, want)));
        if covers {
            return Err(format!("nothing inside may reach {path}: {reason}"));
        }
    }
    Ok(())
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text, None)
    }
}

impl FromStr for Forward {
    type Err = String;

    /// An error is what is wrong and, on a second line, what to write.
    fn from_str(text: &str) -> Result<Self, String> {
        const HELP: &str = "write DIRECTION:LISTEN[=TARGET], as in in:tcp:9050, \
                            out:tcp:8080=tcp:80 or in:tcp:5432=unix:/run/postgresql/.s.PGSQL.5432";
        let help = |error: String| format!("this is not a forward: {error}\n{HELP}");
        let parse = || {
            let (direction, rest) = match text.split_once(':') {
                Some(("in", rest)) => (Direction::In, rest),
                Some(("out", rest)) => (Direction::Out, rest),
                _ => return Err("it begins with neither in: nor out:".to_owned()),
            };
            let (listen, target) = match rest.split_once('=') {
                Some((listen, target)) => (listen, Some(target)),
                None => (rest, None),
            };
            let listen = Endpoint::parse(listen, None)?;
            let target = match target {
                Some(target) => Endpoint::parse(target, Some(listen.protocol()))?,
                None => listen.clone(),
            };
            let forward = Self {
                direction,
                listen,
                target,
            };
            forward.check()?;
            Ok(forward)
        };
        parse().map_err(help)
    }
}

impl TryFrom<String> for Forward {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Forward> for String {
    fn from(forward: Forward) -> Self {
        forward.to_string()
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::In => "in",
            Self::Out => "out",
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) | Self::Udp(address) => {
                write!(f, "{}:{address}", self.protocol())
            }
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}={}", self.direction, self.listen, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(text: &str) -> String {
        text.parse::<Forward>()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .to_string()
    }

    #[test]
    fn what_is_not_said_is_the_same_on_the_loopback() {
        for (short, long) in [
            ("in:tcp:9050", "in:tcp:127.0.0.1:9050=tcp:127.0.0.1:9050"),
            ("out:udp:53=5353", "out:udp:127.0.0.1:53=udp:127.0.0.1:5353"),
            (
                "in:tcp:80=10.0.0.1:8080",
                "in:tcp:127.0.0.1:80=tcp:10.0.0.1:8080",
            ),
            ("in:tcp:[::1]:80", "in:tcp:[::1]:80=tcp:[::1]:80"),
            (
                "in:tcp:80=unix:/run//x/s",
                "in:tcp:127.0.0.1:80=unix:/run/x/s",
            ),
            ("out:unix:/a=tcp:7", "out:unix:/a=tcp:127.0.0.1:7"),
        ] {
            assert_eq!(full(short), long);
            assert_eq!(full(long), long, "the long form means itself");
        }
    }

    #[test]
    fn what_makes_no_sense_or_opens_too_much_is_refused() {
        for text in [
            "",
            "tcp:80",
            "in:80",
            "in:tcp:",
            "in:tcp:0",
            "in:tcp:65536",
            "in:tcp:localhost:80",
            "in:tcp:0.0.0.0:80",
            "out:tcp:192.168.1.2:80",
            "out:tcp:80=10.0.0.1:80",
            "in:udp:53=tcp:53",
            "in:tcp:53=udp:53",
            "in:unix:x",
            "in:unix:/a/../b",
            "in:unix:/",
            "in:tcp:80=0.0.0.0:80",
            "in:tcp:80=224.0.0.1:80",
            "in:udp:80=255.255.255.255:80",
            "in:tcp:1=unix:/run/user/1000/bus",
            "in:tcp:1=unix:/run/user/1000/systemd/private",
            "in:tcp:1=unix:/run/user/1000/wayland-1",
            "in:unix:/tmp/x=unix:/run/dbus/system_bus_socket",
            "in:unix:/tmp/.X11-unix/X0",
            "in:unix:/tmp/a\nb",
        ] {
            let error = text.parse::<Forward>().expect_err(text);
            assert_eq!(error.lines().count(), 2, "{error}");
        }
    }

    #[test]
    fn a_name_that_only_begins_like_a_forbidden_one_is_not_it() {
        full("in:tcp:1=unix:/run/user/1000/business");
        full("in:tcp:1=unix:/run/tor/socks");
    }
}
