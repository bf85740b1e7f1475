//! Services that listen on the host, by the names that they are usually found by.

use std::io::Read;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, socket};

use crate::attack::{Attack, Class, KERNEL, attack, unshown};
use crate::outcome::{Outcome, refused};
use crate::target::Target;

const BUS: &str = "session bus absent";
const SYSTEM: &str = "privileged daemons: system bus absent";
const AGENT: &str = "agents and keys";
const SOUND: &str = "recording sound: not but through the gate";
const SCREEN: &str = "X: key logging, screenshots";
const ABSTRACT: &str = "abstract sockets of the host";
const NONE: &str = "not every host runs it";

/// What is attacked.
pub const ATTACKS: &[Attack] = &[
    attack("session-bus", Class::Services, BUS, |t| {
        let id = crate::bus::id(&t.path("unix.bus")?)?;
        if id == t.get("bus.id")? {
            Ok("let in by the host's".into())
        } else {
            refused("one of its own")
        }
    }),
    attack(
        "launches-without-the-bus",
        Class::Services,
        "the daemon of Oz is asked outside of sandboxes only",
        |t| packets(t.get("packets.launch")?),
    ),
    attack("accessibility-bus", Class::Services, BUS, |t| {
        at(t, "unix.a11y")
    }),
    attack(
        "input-method-bus",
        Class::Services,
        "ibus's unauthenticated bus",
        |t| at(t, "unix.ibus"),
    ),
    attack("wayland-of-host", Class::Services, SCREEN, |t| {
        at(t, "unix.wayland")
    }),
    attack("compositor-control", Class::Services, SCREEN, |t| {
        at(t, "unix.sway")
    }),
    attack("x11-of-host", Class::Services, SCREEN, |t| {
        at(t, "unix.x11")
    }),
    attack("sound-of-host", Class::Services, SOUND, |t| {
        at(t, "unix.pulse")
    }),
    attack("pipewire-of-host", Class::Services, SOUND, |t| {
        at(t, "unix.pipewire")
    }),
    attack("ssh-agent", Class::Services, AGENT, |t| {
        at(t, "unix.ssh-agent")
    }),
    attack("gpg-agent", Class::Services, AGENT, |t| {
        at(t, "unix.gpg-agent")
    }),
    attack("key-ring-daemon", Class::Services, AGENT, |t| {
        at(t, "unix.keyring")
    }),
    unshown(
        "service-manager",
        Class::Services,
        "systemd runs what it is told",
        NONE,
        |t| at(t, "unix.systemd"),
    ),
    attack(
        "socket-beside-grant",
        Class::Services,
        "only what was granted",
        |t| at(t, "unix.beside"),
    ),
    attack("abstract-x11", Class::Services, ABSTRACT, |t| {
        by_name(t, "abstract.x11")
    }),
    attack("abstract-bus", Class::Services, ABSTRACT, |t| {
        by_name(t, "abstract.bus")
    }),
    attack("abstract-input-method", Class::Services, ABSTRACT, |t| {
        by_name(t, "abstract.ibus")
    }),
    attack("abstract-other", Class::Services, ABSTRACT, |t| {
        by_name(t, "abstract.other")
    }),
    unshown("system-bus", Class::Services, SYSTEM, NONE, |_| {
        any(&[
            "/run/dbus/system_bus_socket",
            "/var/run/dbus/system_bus_socket",
        ])
    }),
    unshown("system-journal", Class::Services, SYSTEM, NONE, |_| {
        any(&["/run/systemd/journal/stdout", "/dev/log"])
    }),
    unshown("user-database", Class::Services, SYSTEM, NONE, |_| {
        any(&[
            "/run/systemd/userdb/io.systemd.Multiplexer",
            "/run/nscd/socket",
        ])
    }),
    unshown(
        "container-engine",
        Class::Services,
        "root by another name",
        NONE,
        |_| {
            any(&[
                "/run/docker.sock",
                "/run/podman/podman.sock",
                "/run/containerd/containerd.sock",
            ])
        },
    ),
    unshown("printing", Class::Services, SYSTEM, NONE, |_| {
        any(&["/run/cups/cups.sock"])
    }),
    unshown(
        "names-on-the-network",
        Class::Services,
        SYSTEM,
        NONE,
        |_| any(&["/run/avahi-daemon/socket"]),
    ),
    unshown(
        "packages",
        Class::Services,
        "root by another name",
        NONE,
        |_| any(&["/run/snapd.socket", "/run/pcscd/pcscd.comm"]),
    ),
    unshown("login-manager", Class::Services, SYSTEM, KERNEL, |_| {
        any(&["/run/systemd/private", "/run/udev/control"])
    }),
];

/// Those that `oz-probe host` made say the nonce; those of a real desktop are where only the
/// host's can be.
fn said(target: &Target, mut stream: UnixStream, place: &str, ours: bool) -> Outcome {
    if !ours {
        return Ok(format!("connected to {place}"));
    }
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut text = Vec::new();
    let _ = stream.by_ref().take(256).read_to_end(&mut text);
    target.recognised(place, &text)
}

fn at(target: &Target, key: &str) -> Outcome {
    let path = target.get(key)?;
    let ours = target.get(&format!("{key}.real")).is_err();
    said(target, UnixStream::connect(path)?, path, ours)
}

fn by_name(target: &Target, key: &str) -> Outcome {
    let name = target.get(key)?;
    let stream = UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?)?;
    said(target, stream, name, true)
}

/// A socket of packets, which says nothing before it is asked.
fn packets(path: &str) -> Outcome {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(format!("connected to {path}"))
}

fn any(paths: &[&str]) -> Outcome {
    let mut last = refused("none");
    for path in paths {
        match UnixStream::connect(path) {
            Ok(_) => return Ok(format!("connected to {path}")),
            Err(error) => last = Err(error.into()),
        }
    }
    last
}
