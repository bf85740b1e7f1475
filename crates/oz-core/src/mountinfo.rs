//! What the kernel says is mounted, line by line (proc_pid_mountinfo(5)).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// One mount.
#[derive(Debug)]
pub struct Mount<'a> {
    /// Its number.
    pub id: u64,
    /// Where it is.
    pub point: PathBuf,
    /// Its options, apart by commas.
    pub options: &'a [u8],
}

/// The mounts of a list; a line that is none is left out.
pub fn mounts(list: &[u8]) -> impl Iterator<Item = Mount<'_>> {
    list.split(|byte| *byte == b'\n').filter_map(mount)
}

fn mount(line: &[u8]) -> Option<Mount<'_>> {
    let mut fields = line.split(|byte| *byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    // Parent, device, root.
    let point = fields.nth(3)?;
    let options = fields.next()?;
    Some(Mount {
        id,
        point: OsString::from_vec(unescaped(point)).into(),
        options,
    })
}

/// `\040` and the like are bytes that would end the field.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, others @ ..] = rest {
        let digits = others.first_chunk::<3>().filter(|_| *first == b'\\');
        match digits.and_then(octal) {
            Some(byte) => {
                plain.push(byte);
                rest = &others[3..];
            }
            None => {
                plain.push(*first);
                rest = others;
            }
        }
    }
    plain
}

fn octal(digits: &[u8; 3]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |all, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 8)?;
        all.checked_mul(8)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_found_by_its_number_and_its_path_is_read_as_it_is() {
        let list = b"12 1 0:5 / / rw,nosuid - tmpfs t rw\n\
            123 12 8:1 /a /home/u/a\\040b\\134c\\012 rw - ext4 d rw\nnonsense\n\n";
        let point = |id| {
            mounts(list)
                .find(|mount| mount.id == id)
                .map(|mount| mount.point)
        };
        assert_eq!(point(123), Some("/home/u/a b\\c\n".into()));
        assert_eq!(point(12), Some("/".into()));
        assert_eq!(point(1), None);
        assert_eq!(mounts(list).count(), 2);
        assert_eq!(mounts(list).next().expect("one").options, b"rw,nosuid");
    }

    #[test]
    fn bytes_are_what_they_stand_for_and_what_stands_for_none_stays() {
        assert_eq!(unescaped(b"/a\\040b\\134c"), b"/a b\\c");
        assert_eq!(unescaped(b"/a\\9"), b"/a\\9");
        assert_eq!(unescaped(b"\\8\\777\\04"), b"\\8\\777\\04");
    }
}
