//! Waiting for the interface that somebody else makes.

use std::time::Duration;

use oz_core::plan::network::INTERFACE;

use super::{Failed, failed};

/// How often to look. The kernel tells of it by netlink as well, but this lasts 40 ms in all.
const PAUSE: Duration = Duration::from_millis(2);

/// Waits until there is a way out. Its routes come last, those of IPv6 after those of IPv4.
pub(super) fn wait() -> Result<(), Failed> {
    while !has_route()? {
        std::thread::sleep(PAUSE);
    }
    std::thread::sleep(PAUSE);
    Ok(())
}

fn has_route() -> Result<bool, Failed> {
    let read = |path| match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        other => other.map_err(failed("reading the routes")),
    };
    // Interface, destination, gateway.
    let v4 = read("/proc/thread-self/net/route")?;
    let v4 = v4.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some(INTERFACE) && words.next() == Some("00000000")
    });
    // Destination, its bits, …, interface.
    let v6 = read("/proc/thread-self/net/ipv6_route")?;
    let v6 = v6.lines().any(|line| {
        let mut words = line.split_whitespace();
        let all = words.next() == Some("00000000000000000000000000000000");
        all && words.next() == Some("00") && words.last() == Some(INTERFACE)
    });
    Ok(v4 || v6)
}
