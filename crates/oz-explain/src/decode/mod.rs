//! A system call as a person writes it: `socket(family=AF_NETLINK, type=SOCK_RAW, protocol=12)`.
//!
//! All of it comes from an app: numbers mean what a table says or are shown as numbers, text is escaped, and
//! everything is short.

mod calls;
mod constants;

use calls::{Argument, Kind};

/// Longest text of one argument, in characters before they are escaped.
const TEXT: usize = 80;
/// Longest description of all arguments, in bytes.
const ALL: usize = 400;

/// The arguments of a call by that name. `read` gives the text at an address of the app's memory, if it can.
pub(crate) fn arguments(
    name: &str,
    values: &[u64; 6],
    mut read: impl FnMut(u64) -> Option<Vec<u8>>,
) -> String {
    let mut all = String::new();
    for Argument(index, what, kind) in calls::arguments(name) {
        let value = values[usize::from(*index)];
        let shown = match kind {
            Kind::Text if value == 0 => "NULL".to_owned(),
            Kind::Text => match read(value) {
                Some(text) => quoted(&text),
                None => "?".to_owned(),
            },
            Kind::Number => low(value).cast_signed().to_string(),
            Kind::Who if low(value) == 0 => "oneself".to_owned(),
            Kind::Who => "another".to_owned(),
            Kind::Hex => format!("{value:#x}"),
            Kind::Octal => format!("{value:#o}"),
            Kind::Descriptor => descriptor(value),
            Kind::One(names) => one(low(value).into(), names),
            Kind::Flags(names) => flags(value, 0, names),
            Kind::Clone => flags(value & !0xff, 0, constants::CLONE),
            Kind::SocketType => flags(value, 0xf, constants::SOCKET_TYPES),
            Kind::Request => request(low(value)),
            Kind::Option => option(low(values[1]), low(value)),
        };
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(what);
        all.push('=');
        all.push_str(&shown);
        if all.len() > ALL {
            let end = all.floor_char_boundary(ALL);
            all.truncate(end);
            all.push('…');
            break;
        }
    }
    all
}

/// Text of an app, in quotes.
fn quoted(text: &[u8]) -> String {
    let mut shown = escaped(text, TEXT);
    shown.insert(0, '"');
    shown.push('"');
    shown
}

/// Text of an app with nothing in it that is not a letter, a digit, a space or a sign of ASCII; `most` characters.
pub(crate) fn escaped(text: &[u8], most: usize) -> String {
    let mut shown = String::new();
    let text = String::from_utf8_lossy(text);
    let mut characters = text.chars();
    for character in characters.by_ref().take(most) {
        match character {
            '"' | '\\' => {
                shown.push('\\');
                shown.push(character);
            }
            ' ' => shown.push(' '),
            _ if character.is_ascii_graphic() || character.is_alphanumeric() => {
                shown.push(character);
            }
            _ => shown.extend(character.escape_unicode()),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// What the kernel takes of an `int`.
#[allow(clippy::cast_possible_truncation)] // that is the point
fn low(value: u64) -> u32 {
    value as u32
}

fn descriptor(value: u64) -> String {
    const CURRENT_DIRECTORY: i32 = -100;
    match low(value).cast_signed() {
        CURRENT_DIRECTORY => "AT_FDCWD".to_owned(),
        number => number.to_string(),
    }
}

fn one(value: u64, names: &[(u64, &str)]) -> String {
    let known = names.iter().find(|(number, _)| *number == value);
    known.map_or_else(|| number(value), |(_, name)| (*name).to_owned())
}

/// Small numbers are mostly numbers, large ones bits.
fn number(value: u64) -> String {
    if value < 4096 {
        value.to_string()
    } else {
        format!("{value:#x}")
    }
}

/// Names for bits; those under the mask are one number, which has a name as well.
fn flags(value: u64, mask: u64, names: &[(u64, &str)]) -> String {
    let mut shown = Vec::new();
    let mut left = value & !mask;
    if mask != 0 {
        shown.push(one(value & mask, names));
    }
    for (bits, name) in names {
        if *bits & mask == 0 && *bits != 0 && left & bits == *bits {
            shown.push((*name).to_owned());
            left &= !bits;
        }
    }
    if left != 0 || shown.is_empty() {
        shown.push(format!("{left:#x}"));
    }
    shown.join("|")
}

/// A request of `ioctl`: those of note by their names, others by the parts that numbers are made of.
fn request(value: u32) -> String {
    let known = constants::REQUESTS
        .iter()
        .find(|(number, _)| *number == u64::from(value));
    if let Some((_, name)) = known {
        return (*name).to_owned();
    }
    let (direction, size) = (value >> 30, value >> 16 & 0x3fff);
    let [.., kind, number] = value.to_be_bytes();
    let shown = if kind.is_ascii_graphic() && kind != b'\'' {
        format!("'{}'", char::from(kind))
    } else {
        format!("{kind:#x}")
    };
    match direction {
        0 if size == 0 => format!("_IO({shown}, {number})"),
        1 => format!("_IOW({shown}, {number}, {size})"),
        2 => format!("_IOR({shown}, {number}, {size})"),
        3 => format!("_IOWR({shown}, {number}, {size})"),
        _ => format!("{value:#x}"),
    }
}

/// An option of a socket, whose name depends on the level.
fn option(level: u32, value: u32) -> String {
    let known = constants::OPTIONS
        .iter()
        .find(|(of, _)| *of == u64::from(level));
    one(value.into(), known.map_or(&[], |(_, names)| names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(name: &str, values: &[u64]) -> String {
        let mut all = [0; 6];
        all[..values.len()].copy_from_slice(values);
        let memory = |address| match address {
            1 => Some(b"tmpfs".to_vec()),
            2 => Some(b"/a\x1b[2J\"b\n\xe2\x80\xaec\xff\xc3\xa4".to_vec()),
            _ => None,
        };
        format!("{name}({})", arguments(name, &all, memory))
    }

    #[test]
    fn calls_are_shown_as_people_write_them() {
        let lines = [
            shown("mount", &[0, 2, 1, 0x1000 | 0x4000 | 1 << 60, 0]),
            shown("mount", &[9, 9, 9, 0, 0]),
            shown("socket", &[16, 3 | 0x80000, 12]),
            shown("socket", &[99, 3 | 0x100, 1]),
            shown("ioctl", &[0, 0x1_0000_5412, 7]),
            shown("ioctl", &[3, 0xc020_660b, 7]),
            shown("clone", &[0x1002_0011, 0, 0]),
            shown("clone3", &[7, 88]),
            shown("prctl", &[35, 1]),
            shown("ptrace", &[0, 0]),
            shown("setsockopt", &[3, 6, 31]),
            shown("setsockopt", &[3, 0, 64]),
            shown("seccomp", &[1, 8]),
            shown("unshare", &[0x1000_0000]),
            shown("openat", &[0xffff_ff9c, 2, 0o2_000_001, 0]),
            shown("personality", &[0x40000]),
            shown("keyctl", &[0, 0xffff_fffd]),
            shown("bpf", &[5, 0, 72]),
            shown("no_such_call", &[1, 2, 3]),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn text_is_short_and_steers_no_terminal() {
        assert_eq!(escaped(&[b'x'; 100], 3), "xxx…");
        assert_eq!(
            escaped("a\u{202e}\r\u{9b}ä".as_bytes(), 9),
            "a\\u{202e}\\u{d}\\u{9b}ä"
        );
    }

    proptest! {
        #[test]
        fn whatever_an_app_says_is_one_short_line(
            index in 0..calls::NAMES,
            values: [u64; 6],
            memory in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let shown = arguments(calls::name(index), &values, |_| Some(memory.clone()));
            prop_assert!(shown.len() < ALL + 1000, "{}", shown.len());
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
