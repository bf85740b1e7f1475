//! What the attacks are after: lines `KEY=VALUE` that `oz-probe host` wrote beside the program.
//!
//! An attacker who knows what there is to find is the strongest one: an attack on an identifier
//! succeeds if it finds the very value that the host has.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::outcome::{Stop, refused, untried};

/// The name of the file.
pub const FILE: &str = "target";

/// What `oz-probe host` knows of the host.
#[derive(Debug, Default)]
pub struct Target(BTreeMap<String, String>);

impl Target {
    /// Reads the file beside this program; without it nothing is known.
    pub fn load() -> Self {
        let Ok(own) = std::env::current_exe() else {
            return Self::default();
        };
        let text = std::fs::read_to_string(own.with_file_name(FILE)).unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Self(
            pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Something of the host; without it an attack cannot be tried.
    pub fn get(&self, key: &str) -> Result<&str, Stop> {
        match self.0.get(key) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => untried(format!("the host has no {key}")),
        }
    }

    /// A path of the host.
    pub fn path(&self, key: &str) -> Result<PathBuf, Stop> {
        self.get(key).map(PathBuf::from)
    }

    /// What is in everything that the attacks look for, and nowhere else.
    pub fn nonce(&self) -> Result<&str, Stop> {
        self.get("nonce")
    }

    /// Succeeds if the text has the nonce.
    pub fn recognised(&self, what: &str, text: &[u8]) -> Result<String, Stop> {
        let nonce = self.nonce()?.as_bytes();
        if text.windows(nonce.len()).any(|window| window == nonce) {
            Ok(format!("{what} is the host's"))
        } else {
            refused(format!("{what} is not the host's"))
        }
    }

    /// Reads a file, which must have the nonce.
    pub fn read(&self, path: &Path) -> Result<String, Stop> {
        let bytes = std::fs::read(path)?;
        self.recognised(&path.display().to_string(), &bytes)
    }

    /// Succeeds if one of the host's values (separated by spaces) is a word of the text.
    pub fn found(&self, key: &str, text: &str) -> Result<String, Stop> {
        let values = self.get(key)?;
        let separator = |c: char| c.is_whitespace() || c == '\0' || c == ',' || c == ';';
        let hit = values
            .split(' ')
            .find(|value| text.split(separator).any(|word| word == *value));
        match hit {
            Some(value) => Ok(format!("{key} {value}")),
            None => refused(format!("another {key}: {}", text.trim().escape_debug())),
        }
    }

    /// Whether there is no sandbox around us, so that what is here is everybody's.
    pub fn is_outside(&self) -> bool {
        self.get("outside").is_ok_and(|mark| mark == outside_mark())
    }

    /// The processes to attack: the host's victim if it can be seen, else whoever is there and
    /// not one of ours. Never anybody else outside.
    pub fn strangers(&self) -> Vec<u32> {
        let victim = self.get("victim").ok().and_then(|pid| pid.parse().ok());
        if let (Some(victim), Ok(nonce)) = (victim, self.nonce())
            && std::fs::read(format!("/proc/{victim}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(nonce))
        {
            return vec![victim];
        }
        if self.is_outside() {
            return Vec::new();
        }
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids: Vec<u32> = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| !is_ours(*pid))
            .collect();
        pids.sort_unstable();
        pids
    }
}

/// Whether the process runs this program too.
fn is_ours(pid: u32) -> bool {
    let file =
        |pid: &str| std::fs::metadata(format!("/proc/{pid}/exe")).map(|m| (m.dev(), m.ino()));
    matches!((file(&pid.to_string()), file("self")), (Ok(one), Ok(other)) if one == other)
}

/// The pid namespace: who is in the host's own is outside.
pub fn outside_mark() -> String {
    std::fs::read_link("/proc/self/ns/pid")
        .map(|link| link.display().to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_found() {
        let target = Target::parse("mac=aa:bb:cc 11:22:33\nnonce=xyz\nempty=\n");
        assert!(target.found("mac", "link 11:22:33 up").is_ok());
        assert!(target.found("mac", "link 11:22:334 up").is_err());
        assert!(matches!(target.get("empty"), Err(Stop::Untried(_))));
        assert!(target.recognised("it", b"..xyz..").is_ok());
        assert!(target.recognised("it", b"..xy.z..").is_err());
    }
}
