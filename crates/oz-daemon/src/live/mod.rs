//! Files of the host that running sandboxes must see as they change: name servers and the time
//! zone. Programs replace them by rename, which a bind of the file would never show, so sandboxes
//! see a directory of ours in which the copies are replaced likewise. A file of ours that every sandbox has is there too.

mod watch;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::daemon::Daemon;
use crate::directories;
use crate::failure::Result;

const RESOLV_CONF: &str = "/etc/resolv.conf";
const LOCALTIME: &str = "/etc/localtime";
const ZONES: &str = "/usr/share/zoneinfo";
/// What is installed beside the daemon for apps inside.
const MODULE: &str = "gtk3-dialogs.so";
/// No such file is larger.
const LIMIT: u64 = 1 << 20;

/// Writes the copies once, before anything is launched, and keeps them in step.
pub(crate) fn start(daemon: &Arc<Daemon>) -> Result<()> {
    let live = daemon.directories.live();
    refresh(&live)?;
    if let Err(error) = place_module(&daemon.directories.program(MODULE), &live) {
        tracing::warn!(%error, "dialogs of GTK 3 that know no portal will show what is inside");
    }
    let daemon = Arc::clone(daemon);
    tokio::spawn(async move {
        let files = [Path::new(RESOLV_CONF), Path::new(LOCALTIME)];
        let follow = watch::follow(&files, || {
            if let Err(error) = refresh(&live) {
                tracing::warn!(
                    error = error.line(),
                    "a change of the host is not passed on"
                );
            }
            daemon.host_files.send_replace(());
        });
        if let Err(error) = follow.await {
            tracing::warn!(%error, "changes of name servers and time zone are not passed on");
        }
    });
    Ok(())
}

fn refresh(live: &Path) -> Result<()> {
    let directory = directories::make_private(live)?;
    let fail = |error| crate::failure::Failure::host("write the files in", live, &error);
    let resolv = read(Path::new(RESOLV_CONF)).unwrap_or_default();
    directories::replace(directory.as_fd(), "resolv.conf", &resolv).map_err(fail)?;
    localtime(live, Path::new(LOCALTIME)).map_err(fail)
}

fn place_module(module: &Path, live: &Path) -> io::Result<()> {
    place(live, MODULE, &read(module)?)
}

fn place(live: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let directory = rustix::fs::open(
        live,
        rustix::fs::OFlags::DIRECTORY,
        rustix::fs::Mode::empty(),
    )?;
    directories::replace(directory.as_fd(), name, content)
}

/// A link into the zones, which are inside as well; a copy if the host has no link.
fn localtime(live: &Path, host: &Path) -> io::Result<()> {
    let target = resolve(host);
    if let Some(zone) = target.filter(|target| target.starts_with(ZONES)) {
        let temporary = live.join(".localtime.new");
        let _ = std::fs::remove_file(&temporary);
        symlink(zone, &temporary)?;
        return std::fs::rename(&temporary, live.join("localtime"));
    }
    let zone = read(host).unwrap_or_default();
    place(live, "localtime", &zone)
}

/// Where a link of the system leads, one step and made absolute.
fn resolve(link: &Path) -> Option<PathBuf> {
    let target = std::fs::read_link(link).ok()?;
    let joined = link.parent()?.join(target);
    let mut plain = PathBuf::new();
    for component in joined.components() {
        match component {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    Some(plain)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linked_time_zone_is_linked_and_another_one_copied() {
        let base = tempfile::tempdir().expect("a directory");
        let live = base.path().join("live");
        std::fs::create_dir(&live).expect("made");
        let host = base.path().join("localtime");
        std::fs::write(&host, b"TZif").expect("written");
        localtime(&live, &host).expect("copied");
        assert_eq!(
            std::fs::read(live.join("localtime")).expect("there"),
            b"TZif"
        );
        std::fs::remove_file(&host).expect("removed");
        symlink("/usr/share/zoneinfo/Europe/Vienna", &host).expect("linked");
        localtime(&live, &host).expect("linked");
        let link = std::fs::read_link(live.join("localtime")).expect("a link");
        assert_eq!(link, Path::new("/usr/share/zoneinfo/Europe/Vienna"));
    }
}
