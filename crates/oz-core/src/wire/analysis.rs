//! What `cow-worker` says of a program's file that it has read: one JSON document on a pipe.
//!
//! The file may have been made to deceive or to break whoever reads it, so this is capped, has no text in it that
//! is not a plain name, and nothing that it says may give an app more than it had.

use serde::{Deserialize, Serialize};

/// Longest document in bytes.
pub const MOST: u64 = 256 << 10;
/// Most libraries that are followed.
pub const MOST_LIBRARIES: usize = 1024;
/// Most modules and programs that are listed of a script.
pub const MOST_WORDS: usize = 128;
/// Longest name or path in bytes.
pub const LONGEST: usize = 255;

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A program of this kind of machine.
    Elf,
    /// A text that an interpreter reads.
    Script,
    /// Neither, or it is broken.
    #[default]
    Other,
}

/// What is known of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// What its file is.
    pub kind: Kind,
    /// The loader that it names, or the interpreter of a script: a path, or the word behind `env`.
    pub interpreter: Option<String>,
    /// Names of all libraries that it needs, and that they need: sorted, at most [`MOST_LIBRARIES`].
    pub libraries: Vec<String>,
    /// Those that were found nowhere.
    pub missing: Vec<String>,
    /// Modules that a script of Python imports at its beginning.
    pub modules: Vec<String>,
    /// Programs that a shell's script becomes: the words behind `exec`.
    pub runs: Vec<String>,
    /// All of it was read.
    pub complete: bool,
}

impl Analysis {
    /// Whether it is within the bounds that are promised; what is not is not looked at.
    pub fn is_sane(&self) -> bool {
        let lists = [
            (&self.libraries, MOST_LIBRARIES),
            (&self.missing, MOST_LIBRARIES),
            (&self.modules, MOST_WORDS),
            (&self.runs, MOST_WORDS),
        ];
        lists
            .iter()
            .all(|(list, most)| list.len() <= *most && list.iter().all(|name| is_plain(name)))
            && self.interpreter.as_deref().is_none_or(is_plain)
    }
}

/// Whether a name or a path is one that nobody has to make harmless: short, and of letters, digits and what stands
/// between them in names of libraries.
pub fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-/@:".contains(&byte);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_deceive_are_none() {
        for name in [
            "libgtk-4.so.1",
            "/lib64/ld-linux-x86-64.so.2",
            "libstdc++.so.6",
        ] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "",
            "a b",
            "a\nb",
            "\u{202e}os.x",
            "a\u{1b}[2J",
            "\"",
            &"x".repeat(256),
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
