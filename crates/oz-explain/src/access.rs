//! What allowed calls of a program that is trained name: files, programs, sockets. It is what the program says, at a
//! moment before the call is made, and is used for nothing but to be read by a person.

use std::collections::BTreeSet;

use oz_core::OsBytes;
use oz_core::learn::{MOST_SEEN, PATH, Seen, What};
use oz_core::wire::explain::Line;

use crate::process;

/// `AT_FDCWD`, in the low 32 bits.
const HERE: u32 = (-100_i32).cast_unsigned();
/// Bits of `open` by which a file is changed or made: `O_WRONLY`, `O_RDWR`, `O_CREAT`, `O_TRUNC`.
const WRITING: u64 = 0o1103;

/// Different things, each told once.
#[derive(Default)]
pub(crate) struct Accesses {
    known: BTreeSet<Seen>,
    cut: bool,
}

impl Accesses {
    /// The line to say, if there is one.
    pub(crate) fn take(&mut self, seen: Seen) -> Option<Line> {
        if self.known.contains(&seen) {
            return None;
        }
        if self.known.len() < MOST_SEEN {
            self.known.insert(seen.clone());
            return Some(Line::Seen(seen));
        }
        let first = !self.cut;
        self.cut = true;
        first.then_some(Line::Cut)
    }
}

/// What a call of a thread's names.
pub(crate) fn seen(call: &str, thread: u32, arguments: &[u64; 6]) -> Vec<Seen> {
    let [a, b, c, d, ..] = *arguments;
    let file = |what, directory, address| {
        path(thread, directory, address).map(|path| seen_of(what, &path))
    };
    let here = u64::from(HERE);
    let opened = |flags: u64| {
        if flags & WRITING == 0 {
            What::Read
        } else {
            What::Write
        }
    };
    let found = match call {
        "open" => [file(opened(b), here, a), None],
        "openat" => [file(opened(c), a, b), None],
        "creat" | "mkdir" | "rmdir" | "unlink" | "truncate" => [file(What::Write, here, a), None],
        "mkdirat" | "unlinkat" => [file(What::Write, a, b), None],
        "rename" => [file(What::Write, here, a), file(What::Write, here, b)],
        "renameat" | "renameat2" => [file(What::Write, a, b), file(What::Write, c, d)],
        // The first names what is there already.
        "link" | "symlink" => [file(What::Write, here, b), None],
        "linkat" => [file(What::Write, c, d), None],
        "symlinkat" => [file(What::Write, b, c), None],
        "execve" => [file(What::Execute, here, a), None],
        "execveat" => [file(What::Execute, a, b), None],
        "connect" => [address(thread, b, c), None],
        _ => [
            Some(Seen {
                what: What::Call,
                subject: call.to_owned(),
            }),
            None,
        ],
    };
    found.into_iter().flatten().collect()
}

fn seen_of(what: What, subject: &[u8]) -> Seen {
    let subject = OsBytes::from(subject.to_vec()).to_string();
    Seen { what, subject }
}

/// A path as the process means it: beneath its directory, or that of a descriptor.
fn path(thread: u32, directory: u64, address: u64) -> Option<Vec<u8>> {
    let said = process::text_up_to(thread, address, PATH)?;
    if said.first() == Some(&b'/') {
        return Some(tidy(&said));
    }
    // An int.
    let directory = u32::try_from(directory & u64::from(u32::MAX)).unwrap_or(HERE);
    let base = if directory == HERE {
        process::link(&format!("{thread}/cwd"))?
    } else {
        process::link(&format!("{thread}/fd/{directory}"))?
    };
    let mut whole = base;
    if !said.is_empty() {
        whole.push(b'/');
        whole.extend(said);
    }
    (whole.len() <= PATH && whole.first() == Some(&b'/')).then(|| tidy(&whole))
}

/// Without `.`, `..` and doubled slashes, as if no part were a link.
fn tidy(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut whole = Vec::with_capacity(path.len());
    for part in &parts {
        whole.push(b'/');
        whole.extend_from_slice(part);
    }
    if parts.is_empty() {
        b"/".to_vec()
    } else {
        whole
    }
}

/// An address that is connected to: `struct sockaddr`, of which 128 bytes are most.
fn address(thread: u32, at: u64, length: u64) -> Option<Seen> {
    let length = usize::try_from(length & u64::from(u32::MAX)).ok()?.min(128);
    named(&process::bytes(thread, at, length))
}

fn named(bytes: &[u8]) -> Option<Seen> {
    const UNIX: u16 = 1;
    const INET: u16 = 2;
    const INET6: u16 = 10;
    let (family, rest) = bytes.split_first_chunk::<2>()?;
    let seen = match u16::from_ne_bytes(*family) {
        UNIX => {
            let (mark, name) = match rest.split_first()? {
                (0, name) => (&b"@"[..], name),
                _ => (&b""[..], rest),
            };
            let end = name
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(name.len());
            return Some(seen_of(What::Connect, &[mark, &name[..end]].concat()));
        }
        INET => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            let address = std::net::Ipv4Addr::from(*rest.first_chunk::<4>()?);
            std::net::SocketAddr::new(address.into(), u16::from_be_bytes(*port))
        }
        INET6 => {
            let (port, rest) = rest.split_first_chunk::<2>()?;
            let address = std::net::Ipv6Addr::from(*rest.get(4..)?.first_chunk::<16>()?);
            std::net::SocketAddr::new(address.into(), u16::from_be_bytes(*port))
        }
        _ => return None,
    };
    // Libraries ask by a socket that is connected to nothing which addresses they have.
    if seen.ip().is_loopback() || seen.ip().is_unspecified() {
        return None;
    }
    // Without the brackets of IPv6, which are no part of a plain name.
    let subject = seen.to_string().replace(['[', ']'], "");
    Some(Seen {
        what: What::Internet,
        subject,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_and_cut_once() {
        let mut accesses = Accesses::default();
        let seen = |number: usize| Seen {
            what: What::Read,
            subject: number.to_string(),
        };
        let told = (0..3 * MOST_SEEN)
            .filter_map(|number| accesses.take(seen(number)))
            .count();
        assert_eq!(told, MOST_SEEN + 1);
        assert_eq!(accesses.take(seen(0)), None);
    }

    #[test]
    fn addresses_are_those_of_other_machines() {
        let of = |bytes: &[u8]| named(bytes).map(|seen| (seen.what, seen.subject));
        let inet = |a: [u8; 4]| {
            [
                &2_u16.to_ne_bytes()[..],
                &443_u16.to_be_bytes(),
                &a,
                &[0; 8],
            ]
            .concat()
        };
        assert_eq!(
            of(&inet([192, 0, 2, 1])),
            Some((What::Internet, "192.0.2.1:443".into()))
        );
        assert_eq!(of(&inet([127, 0, 0, 1])), None);
        let unix = |name: &[u8]| [&1_u16.to_ne_bytes()[..], name].concat();
        assert_eq!(
            of(&unix(b"/run/x\0y")),
            Some((What::Connect, "/run/x".into()))
        );
        assert_eq!(
            of(&unix(b"\0/tmp/x")),
            Some((What::Connect, "@/tmp/x".into()))
        );
        assert_eq!(
            of(&unix(b"\0a\nb")),
            Some((What::Connect, "@a\\x0ab".into()))
        );
        for short in [
            &b""[..],
            b"\x02",
            b"\x02\x00",
            b"\x0a\x00\x01\x02\x03",
            b"\x10\x00\x00",
        ] {
            assert_eq!(of(short), None);
        }
    }

    #[test]
    fn a_path_is_tidied_as_text() {
        assert_eq!(tidy(b"/a/./b//../c"), b"/a/c");
        assert_eq!(tidy(b"/../.."), b"/");
    }
}
