//! Where mounts lie, as the kernel says.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The mount point of the mount with this number, if it is in the list.
pub fn mount_point(mountinfo: &[u8], id: u64) -> Option<PathBuf> {
    mountinfo.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ');
        let number = std::str::from_utf8(fields.next()?).ok()?;
        if number.parse() != Ok(id) {
            return None;
        }
        // Parent, device, root, mount point.
        fields
            .nth(3)
            .map(|path| OsString::from_vec(unescape(path)).into())
    })
}

/// `\040` and the like are bytes that would end the field.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, others)) = rest.split_first() {
        let digits = others.first_chunk::<3>();
        let octal =
            digits.filter(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        match octal {
            Some(digits) if *first == b'\\' => {
                let value = digits
                    .iter()
                    .fold(0u32, |all, digit| all * 8 + u32::from(digit - b'0'));
                plain.push(u8::try_from(value).unwrap_or(b'?'));
                rest = &others[3..];
            }
            _ => {
                plain.push(*first);
                rest = others;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_found_by_its_number_and_its_path_is_read_as_it_is() {
        let list = b"12 1 0:5 / / rw - tmpfs t rw\n123 12 8:1 /a /home/u/a\\040b\\134c\\012 rw - ext4 d rw\n";
        assert_eq!(mount_point(list, 123), Some("/home/u/a b\\c\n".into()));
        assert_eq!(mount_point(list, 12), Some("/".into()));
        assert_eq!(mount_point(list, 1), None);
    }
}
