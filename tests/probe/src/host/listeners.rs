//! Listeners by every kind of address; who connects is told the nonce.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Pairs, facts};

/// A group that nobody else here uses (RFC 2365, local scope).
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 77, 77);

/// Starts them all; they end with the process.
pub fn start(dir: &Path, nonce: &str) -> std::io::Result<Pairs> {
    let mut pairs = network(nonce)?;
    for (key, path) in places(dir) {
        if let Some(parent) = path.parent() {
            let _ = std::fs::create_dir_all(parent);
        }
        // What is left of an earlier run; nobody else's name is among them.
        let _ = std::fs::remove_file(&path);
        if let Ok(listener) = UnixListener::bind(&path) {
            serve(listener, nonce, |listener| {
                listener.accept().map(|(stream, _)| stream)
            });
            pairs.push((format!("unix.{key}"), path.display().to_string()));
        }
    }
    for (key, path) in real() {
        pairs.push((format!("unix.{key}"), path.display().to_string()));
        pairs.push((format!("unix.{key}.real"), "yes".to_owned()));
    }
    let runtime = variable("XDG_RUNTIME_DIR").unwrap_or_default();
    pairs.push(("packets.launch".to_owned(), format!("{runtime}/oz/launch")));
    let names = [
        ("x11", format!("/tmp/.X11-unix/X{}", display())),
        ("bus", format!("/tmp/dbus-{nonce}")),
        ("ibus", format!("/home/oz-probe/.cache/ibus/dbus-{nonce}")),
        ("other", format!("oz-probe-{nonce}")),
    ];
    for (key, name) in names {
        let listener = UnixListener::bind_addr(&UnixAddr::from_abstract_name(&name)?)?;
        serve(listener, nonce, |listener| {
            listener.accept().map(|(stream, _)| stream)
        });
        pairs.push((format!("abstract.{key}"), name));
    }
    Ok(pairs)
}

/// A number of an X display that nobody has.
fn display() -> u32 {
    1000 + std::process::id() % 60_000
}

/// Where services of a desktop listen that a test desktop has none of.
fn places(dir: &Path) -> Vec<(&'static str, PathBuf)> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let runtime = variable("XDG_RUNTIME_DIR").unwrap_or_else(|| dir.to_owned());
    let home = variable("HOME").unwrap_or_else(|| dir.to_owned());
    vec![
        ("a11y", runtime.join("at-spi/bus_0")),
        ("pipewire", runtime.join("pipewire-0")),
        ("keyring", runtime.join("keyring/control")),
        ("gpg-agent", runtime.join("gnupg/S.gpg-agent")),
        ("ibus", home.join(".cache/ibus/dbus-oz-probe")),
        ("ssh-agent", std::env::temp_dir().join("ssh-oz-probe/agent")),
        ("x11", format!("/tmp/.X11-unix/X{}", display()).into()),
        ("beside", dir.join("beside.sock")),
    ]
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The desktop's own.
fn real() -> Vec<(&'static str, PathBuf)> {
    let runtime = PathBuf::from(variable("XDG_RUNTIME_DIR").unwrap_or_default());
    let pulse = variable("PULSE_SERVER");
    let all = [
        ("bus", Some(runtime.join("bus"))),
        (
            "wayland",
            variable("WAYLAND_DISPLAY").map(|name| runtime.join(name)),
        ),
        ("sway", variable("SWAYSOCK").map(PathBuf::from)),
        (
            "pulse",
            pulse.and_then(|text| text.strip_prefix("unix:").map(PathBuf::from)),
        ),
        ("systemd", Some(runtime.join("systemd/private"))),
    ];
    all.into_iter()
        .filter_map(|(key, path)| Some((key, path.filter(|path| path.exists())?)))
        .collect()
}

fn network(nonce: &str) -> std::io::Result<Pairs> {
    let mut pairs = Pairs::new();
    let tcp = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let port = tcp.local_addr()?.port();
    serve(tcp, nonce, |listener| {
        listener.accept().map(|(stream, _)| stream)
    });
    let udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let _ = udp.join_multicast_v4(&GROUP, &Ipv4Addr::UNSPECIFIED);
    let udp_port = udp.local_addr()?.port();
    echo(udp, nonce);
    let local = Ipv4Addr::LOCALHOST;
    let mut add =
        |key: &str, address: SocketAddr| pairs.push((key.to_owned(), address.to_string()));
    add("tcp.loopback", (local, port).into());
    add("udp.loopback", (local, udp_port).into());
    add("udp.multicast", (GROUP, udp_port).into());
    add("udp.broadcast", (Ipv4Addr::BROADCAST, udp_port).into());
    if let Some(address) = facts::lan() {
        add("tcp.lan", (address, port).into());
        add("udp.lan", (address, udp_port).into());
    }
    if let Ok(tcp) = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        let port = tcp.local_addr()?.port();
        serve(tcp, nonce, |listener| {
            listener.accept().map(|(stream, _)| stream)
        });
        add("tcp.loopback6", (Ipv6Addr::LOCALHOST, port).into());
        let udp = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
        let udp_port = udp.local_addr()?.port();
        echo(udp, nonce);
        for (address, scope) in facts::addresses_v6() {
            let with = |port| std::net::SocketAddrV6::new(address, port, 0, scope).into();
            if address.is_unicast_link_local() {
                add("tcp.link6", with(port));
                add("udp.link6", with(udp_port));
            } else if !address.is_loopback() {
                add("tcp.lan6", with(port));
            }
        }
    }
    pairs.push(("tcp.port".to_owned(), port.to_string()));
    Ok(pairs)
}

fn serve<L, S>(listener: L, nonce: &str, accept: impl Fn(&L) -> std::io::Result<S> + Send + 'static)
where
    L: Send + 'static,
    S: Write + Read,
{
    let nonce = nonce.to_owned();
    std::thread::spawn(move || {
        loop {
            match accept(&listener) {
                // Who hangs up early harms nobody else.
                Ok(mut stream) => drop(stream.write_all(nonce.as_bytes())),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    });
}

fn echo(socket: UdpSocket, nonce: &str) {
    let nonce = nonce.to_owned();
    std::thread::spawn(move || {
        let mut bytes = [0; 256];
        loop {
            match socket.recv_from(&mut bytes) {
                Ok((_, from)) => drop(socket.send_to(nonce.as_bytes(), from)),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    });
}
