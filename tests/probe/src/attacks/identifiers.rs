//! Names and numbers that tell this host from others.

use std::fs;

use crate::attack::{Attack, Class, KERNEL, attack, unshown};
use crate::outcome::{Outcome, refused};
use crate::sys::{Arg, call, words};
use crate::target::Target;

const NAME: &str = "own host name";
const ID: &str = "own machine id";
const MAC: &str = "own MAC";
const BOOT: &str = "masked /proc";
const NEIGHBOURS: &str = "the host's network";

/// What is attacked. Each succeeds only if it finds what the host has.
pub const ATTACKS: &[Attack] = &[
    attack("host-name", Class::Identifiers, NAME, |t| {
        file(t, "hostname", "/proc/sys/kernel/hostname")
    }),
    attack("host-name-by-uname", Class::Identifiers, NAME, |t| {
        t.found(
            "hostname",
            &rustix::system::uname().nodename().to_string_lossy(),
        )
    }),
    unshown("host-name-in-etc", Class::Identifiers, NAME, KERNEL, |t| {
        file(t, "hostname", "/etc/hostname")
    }),
    unshown(
        "host-name-in-hosts",
        Class::Identifiers,
        NAME,
        KERNEL,
        |t| file(t, "hostname", "/etc/hosts"),
    ),
    attack("machine-id", Class::Identifiers, ID, |t| {
        file(t, "machine-id", "/etc/machine-id")
    }),
    unshown("machine-id-of-bus", Class::Identifiers, ID, KERNEL, |t| {
        file(t, "machine-id", "/var/lib/dbus/machine-id")
    }),
    attack("boot-id", Class::Identifiers, BOOT, |t| {
        file(t, "boot-id", "/proc/sys/kernel/random/boot_id")
    }),
    attack("kernel-command-line", Class::Identifiers, BOOT, |t| {
        let text = fs::read_to_string("/proc/cmdline")?;
        if text.trim() == t.get("cmdline")? {
            Ok(text)
        } else {
            refused("another")
        }
    }),
    attack("mac-in-sys", Class::Identifiers, MAC, |t| {
        let mut all = String::new();
        for entry in fs::read_dir("/sys/class/net")? {
            all += &fs::read_to_string(entry?.path().join("address")).unwrap_or_default();
            all.push(' ');
        }
        t.found("mac", &all)
    }),
    attack("mac-by-netlink", Class::Identifiers, MAC, |t| {
        // RTM_GETLINK
        binary(t, "mac", 18, |text| {
            let bytes: Vec<u8> = text
                .split(':')
                .filter_map(|byte| u8::from_str_radix(byte, 16).ok())
                .collect();
            bytes
        })
    }),
    attack("mac-by-ioctl", Class::Identifiers, MAC, mac_by_ioctl),
    attack(
        "addresses-by-netlink",
        Class::Identifiers,
        NEIGHBOURS,
        |t| {
            // RTM_GETADDR
            binary(t, "addresses", 22, |text| match text.parse() {
                Ok(std::net::IpAddr::V4(address)) => address.octets().to_vec(),
                Ok(std::net::IpAddr::V6(address)) => address.octets().to_vec(),
                Err(_) => Vec::new(),
            })
        },
    ),
    unshown("routes", Class::Identifiers, NEIGHBOURS, KERNEL, |t| {
        let gateway: std::net::Ipv4Addr = match t.get("gateway")?.parse() {
            Ok(address) => address,
            Err(_) => return refused("no address"),
        };
        let table = fs::read_to_string("/proc/net/route")?;
        if table.contains(&format!("{:08X}", gateway.to_bits().swap_bytes())) {
            Ok(format!("the host's gateway {gateway}"))
        } else {
            refused("not by the host's gateway")
        }
    }),
    unshown("neighbours", Class::Identifiers, NEIGHBOURS, KERNEL, |t| {
        file(t, "neighbours", "/proc/net/arp")
    }),
    attack("connections-of-host", Class::Identifiers, NEIGHBOURS, |t| {
        // The listener of `oz-probe host`, by its port.
        let port: u16 = t.get("tcp.port")?.parse().unwrap_or(0);
        let table = fs::read_to_string("/proc/net/tcp")?;
        if table.contains(&format!(":{port:04X} ")) {
            Ok("every connection".into())
        } else {
            refused("the host's listener is not there")
        }
    }),
    attack("sockets-of-host", Class::Identifiers, NEIGHBOURS, |t| {
        let table = fs::read_to_string("/proc/net/unix")?;
        t.found("abstract.other", &table.replace('@', " "))
    }),
    attack("interfaces-of-host", Class::Identifiers, NEIGHBOURS, |t| {
        let table = fs::read_to_string("/proc/net/dev")?;
        t.found("interfaces", &table.replace(':', " "))
    }),
    attack(
        "control-group-name",
        Class::Identifiers,
        "names of the host's sessions",
        |t| {
            let text = fs::read_to_string("/proc/self/cgroup")?;
            t.found("cgroups", &text.replace('\n', " "))
        },
    ),
];

fn file(target: &Target, key: &str, path: &str) -> Outcome {
    target.found(key, &fs::read_to_string(path)?)
}

/// What the kernel says of links or addresses, as bytes.
fn dump(kind: u16) -> std::io::Result<Vec<u8>> {
    let socket = call(libc::SYS_socket, [16, 3, 0].map(Arg::N))?;
    let (length, flags) = (20_u32, 0x301_u16);
    let mut request = length.to_ne_bytes().to_vec();
    request.extend(kind.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    request.extend(words(&[1, 0, 0]));
    let zero = || Arg::N(0);
    let size = Arg::N(20);
    call(
        libc::SYS_sendto,
        [
            Arg::N(socket),
            Arg::B(&request),
            size,
            zero(),
            zero(),
            zero(),
        ],
    )?;
    let mut all = Vec::new();
    loop {
        let mut bytes = vec![0; 65536];
        let room = Arg::N(65536);
        let arguments = [
            Arg::N(socket),
            Arg::Out(&mut bytes),
            room,
            zero(),
            zero(),
            zero(),
        ];
        let length = usize::try_from(call(libc::SYS_recvfrom, arguments)?).unwrap_or(0);
        all.extend_from_slice(&bytes[..length]);
        // NLMSG_DONE or NLMSG_ERROR ends it.
        let kind = bytes
            .get(4..6)
            .map(|two| u16::from_ne_bytes([two[0], two[1]]));
        if length < 20 || matches!(kind, Some(2 | 3)) {
            return Ok(all);
        }
    }
}

fn binary(target: &Target, key: &str, kind: u16, bytes: impl Fn(&str) -> Vec<u8>) -> Outcome {
    let answer = dump(kind)?;
    for text in target.get(key)?.split(' ') {
        let wanted = bytes(text);
        let is_there = !wanted.is_empty() && answer.windows(wanted.len()).any(|w| w == wanted);
        if is_there {
            return Ok(format!("{key} {text}"));
        }
    }
    refused("none of the host's")
}

fn mac_by_ioctl(target: &Target) -> Outcome {
    let socket = call(libc::SYS_socket, [2, 2, 0].map(Arg::N))?;
    for name in target
        .get("interfaces")?
        .split(' ')
        .filter(|name| *name != "lo")
    {
        let mut request = name.as_bytes().to_vec();
        request.resize(40, 0);
        // SIOCGIFHWADDR
        let arguments = [Arg::N(socket), Arg::N(0x8927), Arg::Out(&mut request)];
        if call(libc::SYS_ioctl, arguments).is_ok() {
            let mac: Vec<String> = request[18..24].iter().map(|b| format!("{b:02x}")).collect();
            return target.found("mac", &mac.join(":"));
        }
    }
    refused("no interface of the host's")
}
