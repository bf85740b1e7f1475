//! What a sandbox's network refuses: reads the kernel's packet log of it, and says which addresses were wanted.
//!
//! The packets in it are an app's own, so whoever reads them is a process that can do nothing else.

mod packet;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use oz_core::wire::net::Refused;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::RecvFlags;

/// What is refused in this time is said at once, the same in one line.
const PAUSE: Duration = Duration::from_secs(1);
/// After such a silence this process ends; the next refusal starts another.
const SILENCE: Duration = Duration::from_secs(30);
/// Most places in one pause that are told apart.
const MOST: usize = 64;

/// Reads until nothing was refused for a while or nobody wants to hear of it any more.
pub(crate) fn serve(socket: &OwnedFd, reports: OwnedFd) -> io::Result<()> {
    let mut reports = File::from(reports);
    while wait(socket, &reports, SILENCE)? {
        for refused in collect(socket)? {
            let mut line = serde_json::to_vec(&refused)?;
            line.push(b'\n');
            reports.write_all(&line)?;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Whether there is something to read; none when whoever listens is gone.
fn wait(socket: &OwnedFd, reports: &File, time: Duration) -> io::Result<bool> {
    let time = Timespec::try_from(time).map_err(io::Error::other)?;
    let mut fds = [
        PollFd::new(socket, PollFlags::IN),
        // That its other end is closed is always told.
        PollFd::new(reports, PollFlags::empty()),
    ];
    rustix::event::poll(&mut fds, Some(&time))?;
    Ok(!fds[0].revents().is_empty() && fds[1].revents().is_empty())
}

/// All that waits to be read.
fn collect(socket: &OwnedFd) -> io::Result<Vec<Refused>> {
    let mut all: BTreeMap<(IpAddr, Option<u16>), u32> = BTreeMap::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = match rustix::net::recv(socket, &mut buffer, RecvFlags::DONTWAIT) {
            Ok((length, _)) => length,
            // So many that some were lost.
            Err(Errno::NOBUFS | Errno::INTR) => continue,
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        };
        for place in packet::places(buffer.get(..length).unwrap_or_default()) {
            if all.len() < MOST || all.contains_key(&place) {
                let count = all.entry(place).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    let refused = |((to, port), count)| Refused { to, port, count };
    Ok(all.into_iter().map(refused).collect())
}
