//! URIs of files, as programs name them to each other.

use crate::OsBytes;

/// The path that a `file:` URI of this machine names; `None` for every other URI, and for one that is broken.
pub fn local_path(uri: &[u8]) -> Option<OsBytes> {
    let rest = uri.strip_prefix(b"file://")?;
    let path = rest.strip_prefix(b"localhost").unwrap_or(rest);
    let path = path
        .split(|byte| matches!(byte, b'?' | b'#'))
        .next()
        .unwrap_or_default();
    let path = decode(path)?;
    (path.starts_with(b"/") && !path.contains(&0)).then(|| OsBytes::from(path))
}

/// The URI of a path.
pub fn of_path(path: &OsBytes) -> String {
    let mut uri = "file://".to_owned();
    encode(path.as_bytes(), &mut uri);
    uri
}

/// Undoes percent encoding; `None` if it is broken.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            decoded.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = tail else {
            return None;
        };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        decoded.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        rest = tail;
    }
    Some(decoded)
}

/// All but what stands for itself in a path is encoded: RFC 3986, section 3.3.
fn encode(path: &[u8], uri: &mut String) {
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"/-_.~!$&'()*+,;=:@".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            use std::fmt::Write;
            // To a string this cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
}

/// One line of a `text/uri-list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A file of this machine.
    File(OsBytes),
    /// A page of the web.
    Link(String),
}

/// What a `text/uri-list` (RFC 2483, section 5) names, as far as it is files of this machine or pages of the
/// web: all other schemes are left out.
pub fn list(text: &[u8]) -> Vec<Item> {
    let lines = text.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.filter_map(item).collect()
}

fn item(line: &[u8]) -> Option<Item> {
    if let Some(path) = local_path(line) {
        return Some(Item::File(path));
    }
    let text = std::str::from_utf8(line).ok()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_link = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    (is_plain && is_link).then(|| Item::Link(text.to_owned()))
}

/// The text of a list.
pub fn text<'a>(items: impl IntoIterator<Item = &'a Item>) -> String {
    let mut text = String::new();
    for item in items {
        match item {
            Item::File(path) => text += &of_path(path),
            Item::Link(link) => text += link,
        }
        text += "\r\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_files_of_this_machine_are_paths() {
        let path = |uri: &str| local_path(uri.as_bytes());
        assert_eq!(path("file://localhost/a%20b#x"), Some("/a b".into()));
        assert_eq!(path("file:///%e4"), Some(b"/\xe4".to_vec().into()));
        for other in [
            "file://host/etc/passwd",
            "file:///a%00b",
            "file:///a%zz",
            "file:a",
            "/a",
            "http://localhost/a",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn a_list_has_files_and_pages_and_nothing_else() {
        let text =
            b"# said by nobody\r\nfile:///a\r\nHTTPS://x/\r\n\r\njavascript:1\r\nsmb://x/y\r\n\
                     http://a b\r\nhttp://\xff\r\nfile:///b";
        let items = list(text);
        let expected = [
            Item::File("/a".into()),
            Item::Link("HTTPS://x/".into()),
            Item::File("/b".into()),
        ];
        assert_eq!(items, expected);
        assert_eq!(
            super::text(&items),
            "file:///a\r\nHTTPS://x/\r\nfile:///b\r\n"
        );
    }

    proptest! {
        #[test]
        fn any_path_survives(tail in proptest::collection::vec(1_u8.., 0..40)) {
            let path = OsBytes::from([b"/".as_slice(), &tail].concat());
            let uri = of_path(&path);
            prop_assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(local_path(uri.as_bytes()), Some(path.clone()));
            prop_assert_eq!(list(text(&[Item::File(path.clone())]).as_bytes()), [Item::File(path)]);
        }
    }
}
