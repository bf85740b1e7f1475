//! The rest of the world for a session that has a network of its own.
//!
//! `oz-internet world` runs in a network namespace of its own: it waits for one end of a cable, becomes
//! the router at it, and answers at every address there is. `oz-internet names ADDRESS` answers
//! questions for names at one address. Both say `ready` when they are.

mod names;

use std::io::{self, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The end of the cable.
const CABLE: &str = "eth0";
/// How the router is set up. `local` routes make every address in the world this machine's own.
const SETUP: &[&str] = &[
    "link set lo up",
    "addr add 192.168.77.1/24 dev eth0",
    "addr add 192.168.77.9/24 dev eth0",
    "addr add 2a0e:77::1/64 dev eth0 nodad",
    "addr add 2a0e:77::9/64 dev eth0 nodad",
    "addr add fd77::1/64 dev eth0 nodad",
    "addr add 2a01:4567::10/128 dev lo nodad",
    "link set eth0 up",
    "route add 44.55.66.77/32 via 192.168.77.2",
    "route add local default dev lo table main",
    "-6 route add local default dev lo table main",
];
/// Where it answers questions for names: the router, and somebody on the Internet.
const NAMES: &[&str] = &[
    "192.168.77.1:53",
    "[2a0e:77::1]:53",
    "45.67.89.10:53",
    "[2a01:4567::10]:53",
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["world"] => world(),
        ["names", address] => address
            .parse()
            .context("not an address")
            .and_then(|address| names::serve(address, "loopback"))
            .and_then(|()| ready()),
        _ => Err(anyhow::anyhow!("usage: see the source")),
    };
    if let Err(error) = done {
        let _ = writeln!(io::stderr(), "oz-internet: {error:#}");
        return ExitCode::FAILURE;
    }
    loop {
        thread::park();
    }
}

fn ready() -> Result<()> {
    Ok(writeln!(io::stdout(), "ready")?)
}

fn world() -> Result<()> {
    writeln!(io::stdout(), "waiting")?;
    while !std::path::Path::new("/proc/self/net/dev").exists() || !has_cable()? {
        thread::sleep(Duration::from_millis(5));
    }
    for words in SETUP {
        let status = Command::new("ip").args(words.split(' ')).status()?;
        if !status.success() {
            bail!("`ip {words}` failed");
        }
    }
    for address in NAMES {
        names::serve(address.parse()?, "router")?;
    }
    // Both protocols, every address.
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 80))?;
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || greet(connection));
        }
    });
    ready()
}

fn has_cable() -> Result<bool> {
    let devices = std::fs::read_to_string("/proc/self/net/dev")?;
    Ok(devices
        .lines()
        .any(|line| line.trim_start().starts_with(&format!("{CABLE}:"))))
}

/// Says which address was reached, and from which.
fn greet(mut connection: TcpStream) {
    let plain = |address: SocketAddr| address.ip().to_canonical();
    if let (Ok(here), Ok(there)) = (connection.local_addr(), connection.peer_addr()) {
        // Who hangs up early does not want to know.
        let _ = writeln!(connection, "{} greets {}", plain(here), plain(there));
    }
}
