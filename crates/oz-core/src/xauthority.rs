//! The file that opens an X server, as Xau(3) writes it: family, address, number, name and data of each
//! entry, all but the family with a length before them, numbers with the high byte first.

/// Connections on this machine, by its name.
const FAMILY_LOCAL: u16 = 256;
/// Any machine.
const FAMILY_WILD: u16 = 65535;
/// The one kind of authorization that both sides of a local connection know.
const COOKIE: &[u8] = b"MIT-MAGIC-COOKIE-1";

/// What to say at the beginning of a connection: the name of the authorization and its data.
pub type Said = (Vec<u8>, Vec<u8>);

/// The entry for a display of this machine. One of this machine's own name goes before one of another: a machine
/// may have been renamed since.
#[must_use]
pub fn find(file: &[u8], hostname: &[u8], display: u32) -> Option<Said> {
    let number = display.to_string();
    let fits = |entry: &Entry<'_>| {
        entry.name == COOKIE
            && matches!(entry.family, FAMILY_LOCAL | FAMILY_WILD)
            && (entry.number.is_empty() || entry.number == number.as_bytes())
    };
    let entries = || Entries(file).filter(fits);
    let own = |entry: &Entry<'_>| entry.family == FAMILY_WILD || entry.address == hostname;
    let entry = entries().find(own).or_else(|| entries().next())?;
    Some((entry.name.to_vec(), entry.data.to_vec()))
}

struct Entry<'a> {
    family: u16,
    address: &'a [u8],
    number: &'a [u8],
    name: &'a [u8],
    data: &'a [u8],
}

/// The entries of a file, as far as it is whole.
struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    fn number(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*bytes))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (text, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        Some(text)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        Some(Entry {
            family: self.number()?,
            address: self.text()?,
            number: self.text()?,
            name: self.text()?,
            data: self.text()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(family: u16, words: [&[u8]; 4]) -> Vec<u8> {
        let mut bytes = family.to_be_bytes().to_vec();
        for word in words {
            bytes.extend(u16::try_from(word.len()).unwrap().to_be_bytes());
            bytes.extend(word);
        }
        bytes
    }

    #[test]
    fn the_entry_of_this_machine_and_display_is_found() {
        let file = [
            entry(0, [b"\x7f\0\0\x01", b"7", COOKIE, b"tcp"]),
            entry(FAMILY_LOCAL, [b"other", b"7", COOKIE, b"other"]),
            entry(FAMILY_LOCAL, [b"here", b"6", COOKIE, b"six"]),
            entry(FAMILY_LOCAL, [b"here", b"7", b"XDM-AUTHORIZATION-1", b"x"]),
            entry(FAMILY_LOCAL, [b"here", b"7", COOKIE, b"seven"]),
        ]
        .concat();
        let data = |host: &[u8], display| find(&file, host, display).map(|(_, data)| data);
        assert_eq!(data(b"here", 7).as_deref(), Some(&b"seven"[..]));
        assert_eq!(data(b"renamed", 6).as_deref(), Some(&b"six"[..]));
        assert_eq!(data(b"here", 8), None);
    }

    #[test]
    fn a_file_that_is_cut_off_has_the_entries_that_are_whole() {
        let whole = entry(FAMILY_WILD, [b"", b"", COOKIE, b"any"]);
        for cut in 0..whole.len() {
            assert_eq!(find(&whole[..cut], b"here", 1), None);
        }
        assert!(find(&[whole.clone(), whole[..9].to_vec()].concat(), b"h", 1).is_some());
    }
}
