//! Strings as the operating system has them: any bytes but NUL.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path, an argument or a value of the environment, which need not be UTF-8.
///
/// In binary encodings it is its bytes. For people (JSON, `Display`) bytes that
/// are not UTF-8, control characters, and characters that are not seen or turn around what is,
/// are written as `\xNN`, and a backslash as `\\`, so that what is shown is unambiguous and
/// cannot steer a terminal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OsBytes(Vec<u8>);

impl OsBytes {
    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same as a string of the operating system.
    pub fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }

    /// The same as a path.
    pub fn as_path(&self) -> &Path {
        Path::new(self.as_os_str())
    }

    /// Whether a C string can hold it.
    pub fn has_nul(&self) -> bool {
        self.0.contains(&0)
    }
}

/// Whether it is not seen, or changes how others are: joiners, marks and embeddings of direction (a
/// name that ends in `gpj.exe` and reads `exe.jpg`), ends of lines, tags.
fn misleads(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

impl fmt::Display for OsBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    c if c.is_control() || misleads(c) => {
                        let mut utf8 = [0; 4];
                        for byte in c.encode_utf8(&mut utf8).bytes() {
                            write!(f, "\\x{byte:02x}")?;
                        }
                    }
                    c => fmt::Write::write_char(f, c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for OsBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl From<Vec<u8>> for OsBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&str> for OsBytes {
    fn from(s: &str) -> Self {
        Self(s.as_bytes().to_vec())
    }
}

impl From<String> for OsBytes {
    fn from(s: String) -> Self {
        Self(s.into_bytes())
    }
}

impl From<&OsStr> for OsBytes {
    fn from(s: &OsStr) -> Self {
        Self(s.as_bytes().to_vec())
    }
}

impl From<OsString> for OsBytes {
    fn from(s: OsString) -> Self {
        Self(s.into_vec())
    }
}

impl From<&Path> for OsBytes {
    fn from(p: &Path) -> Self {
        p.as_os_str().into()
    }
}

impl From<PathBuf> for OsBytes {
    fn from(p: PathBuf) -> Self {
        p.into_os_string().into()
    }
}

impl Serialize for OsBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for OsBytes {
    /// From the binary form only: the readable one is for people.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> serde::de::Visitor<'de> for Bytes {
            type Value = OsBytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, v: &[u8]) -> Result<OsBytes, E> {
                Ok(OsBytes(v.to_vec()))
            }
            fn visit_byte_buf<E: serde::de::Error>(self, v: Vec<u8>) -> Result<OsBytes, E> {
                Ok(OsBytes(v))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_reads_cannot_steer_a_terminal_and_is_unambiguous() {
        let hostile = OsBytes::from(b"a\x1b[31m\\\xff\n\xc3\xa4".to_vec());
        assert_eq!(hostile.to_string(), "a\\x1b[31m\\\\\\xff\\x0a\u{e4}");
        let turned = OsBytes::from("photo\u{202e}gpj.exe\u{200b}");
        assert_eq!(
            turned.to_string(),
            "photo\\xe2\\x80\\xaegpj.exe\\xe2\\x80\\x8b"
        );
    }

    #[test]
    fn bytes_survive_the_binary_encoding() {
        let bytes = OsBytes::from(vec![0xff, 0, b'/', 0xfe]);
        let encoded = postcard::to_stdvec(&bytes).expect("encodes");
        assert_eq!(
            postcard::from_bytes::<OsBytes>(&encoded).expect("decodes"),
            bytes
        );
    }
}
