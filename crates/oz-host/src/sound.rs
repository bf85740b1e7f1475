//! Where a session has its sound server, and the file that opens it.
//! <https://manpages.debian.org/stable/libpulse0/pulse-client.conf.5.en.html>

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

use oz_core::wire::audio::COOKIE_SIZE;
use rustix::fs::{CWD, FileType, Mode, OFlags};

use crate::environment;

/// The sound server of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it listens, or will: sound servers come and go while a session lasts.
    pub socket: PathBuf,
    /// Where its cookie may lie, the likeliest first.
    pub cookies: Vec<PathBuf>,
}

/// The sound server that a session's variables name. A server on another machine is none: no
/// sandbox is worth a connection to the network.
pub fn find(session: &BTreeMap<String, String>, home: &Path) -> Option<Server> {
    let socket = match session.get("PULSE_SERVER").filter(|name| !name.is_empty()) {
        Some(names) => named(names)?,
        None => in_runtime_directory(session)?,
    };
    let said = session.get("PULSE_COOKIE").map(PathBuf::from);
    let usual = [
        environment::config().join("pulse/cookie"),
        home.join(".config/pulse/cookie"),
        home.join(".pulse-cookie"),
    ];
    let mut cookies: Vec<PathBuf> = said.into_iter().chain(usual).collect();
    cookies.retain(|path| path.is_absolute());
    cookies.dedup();
    Some(Server { socket, cookies })
}

/// The first local server of a list such as `{machine}unix:/path tcp:host`.
fn named(names: &str) -> Option<PathBuf> {
    names.split_whitespace().find_map(|name| {
        let name = match name.strip_prefix('{') {
            Some(rest) => rest.split_once('}')?.1,
            None => name,
        };
        let path = PathBuf::from(name.strip_prefix("unix:").unwrap_or(name));
        path.is_absolute().then_some(path)
    })
}

fn in_runtime_directory(session: &BTreeMap<String, String>) -> Option<PathBuf> {
    let directory = |name: &str| {
        let path = session.get(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let of_server = directory("PULSE_RUNTIME_PATH");
    let of_session = || Some(directory("XDG_RUNTIME_DIR")?.join("pulse"));
    Some(of_server.or_else(of_session)?.join("native"))
}

impl Server {
    /// The cookie in hexadecimal; none if no file has one.
    pub fn cookie(&self) -> Option<String> {
        self.cookies.iter().find_map(|path| read(path))
    }
}

fn read(path: &Path) -> Option<String> {
    // A FIFO in its place does not make anybody wait.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(CWD, path, flags, Mode::empty()).ok()?;
    let stat = rustix::fs::fstat(&fd).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut cookie = [0; COOKIE_SIZE];
    std::fs::File::from(fd).read_exact(&mut cookie).ok()?;
    let mut hexadecimal = String::with_capacity(COOKIE_SIZE * 2);
    for byte in cookie {
        // Writing to a string does not fail.
        let _ = write!(hexadecimal, "{byte:02x}");
    }
    Some(hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(pairs: &[(&str, &str)]) -> Option<PathBuf> {
        let session = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        find(&session, Path::new("/home/user")).map(|server| server.socket)
    }

    #[test]
    fn the_socket_is_where_the_session_says() {
        let runtime = ("XDG_RUNTIME_DIR", "/run/user/7");
        let found = |path: &str| Some(PathBuf::from(path));
        assert_eq!(socket(&[runtime]), found("/run/user/7/pulse/native"));
        assert_eq!(
            socket(&[runtime, ("PULSE_RUNTIME_PATH", "/run/p")]),
            found("/run/p/native")
        );
        for name in ["unix:/s", "/s", "{0123}unix:/s", "tcp:host unix:/s"] {
            assert_eq!(socket(&[runtime, ("PULSE_SERVER", name)]), found("/s"));
        }
        assert_eq!(socket(&[]), None);
        assert_eq!(socket(&[("XDG_RUNTIME_DIR", "relative")]), None);
    }

    #[test]
    fn a_server_elsewhere_is_none() {
        let runtime = ("XDG_RUNTIME_DIR", "/run/user/7");
        for name in ["tcp:host:4713", "host", "{0123unix:/s"] {
            assert_eq!(socket(&[runtime, ("PULSE_SERVER", name)]), None, "{name}");
        }
    }

    #[test]
    fn a_cookie_is_a_whole_one_in_a_regular_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("short"), b"x").expect("written");
        std::fs::write(at("whole"), [0xab; COOKIE_SIZE]).expect("written");
        rustix::fs::mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR, 0).expect("made");
        let server = |names: &[&str]| Server {
            socket: "/s".into(),
            cookies: names.iter().map(|name| at(name)).collect(),
        };
        assert_eq!(server(&["absent", "short", "fifo"]).cookie(), None);
        let cookie = server(&["absent", "short", "whole"]).cookie();
        assert_eq!(cookie, Some("ab".repeat(COOKIE_SIZE)));
    }
}
