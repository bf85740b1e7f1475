//! What a daemon of any other version needs to know of a sandbox: which profile it follows, and which
//! processes outside belong to it. Lines of text, next to the state that only this version reads.
//!
//! `profile NAME`, then `process NUMBER START` for each process, by its number and start time. Lines that
//! begin otherwise are for versions to come.

use std::path::Path;

/// Name of the file.
pub(crate) const FILE: &str = "record";
/// Longest that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) profile: String,
    /// Proxies and what the network is made of.
    pub(crate) processes: Vec<(i32, u64)>,
}

impl Record {
    /// As it is written.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("profile {}\n", self.profile);
        for (pid, start) in &self.processes {
            text.push_str(&format!("process {pid} {start}\n"));
        }
        text
    }

    /// What is understood of one; nothing if there is none.
    pub(crate) fn read(directory: &Path) -> Self {
        let text = std::fs::read(directory.join(FILE)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into_owned();
        let mut record = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["profile", name] => record.profile = name.to_owned(),
                ["process", pid, start] => {
                    if let (Ok(pid), Ok(start)) = (pid.parse(), start.parse()) {
                        record.processes.push((pid, start));
                    }
                }
                _ => {}
            }
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_rest_is_passed_over() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(Record::read(directory.path()), Record::default());
        let record = Record {
            profile: "firefox".to_owned(),
            processes: vec![(12, 34), (56, 78)],
        };
        let text = record.text() + "later words\nprocess x 1\nprocess 1\n";
        std::fs::write(directory.path().join(FILE), text).expect("written");
        assert_eq!(Record::read(directory.path()), record);
    }
}
