//! Object paths of sandboxes.

use std::fmt::Write;

use oz_core::plan::SandboxId;
use zbus::OwnedObjectPath;

/// Letters and digits stay, every other byte becomes `_` and its two hexadecimal digits.
pub(crate) fn object_path(id: &SandboxId) -> OwnedObjectPath {
    let mut path = format!("{}/sandbox/", super::ROOT);
    for byte in id.as_str().bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "_{byte:02x}");
        }
    }
    zbus::ObjectPath::from_string_unchecked(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_has_a_valid_path_of_its_own(a in "[a-z0-9][a-z0-9._-]{0,63}", b in "[a-z0-9][a-z0-9._-]{0,63}") {
            let path = |name: &str| object_path(&name.parse().expect("a name")).to_string();
            prop_assert!(zbus::ObjectPath::try_from(path(&a)).is_ok());
            prop_assert_eq!(a == b, path(&a) == path(&b));
        }
    }

    #[test]
    fn a_path_is_readable() {
        let id = "firefox-2".parse().expect("a name");
        assert_eq!(object_path(&id).as_str(), "/org/oz/Oz1/sandbox/firefox_2d2");
    }
}
