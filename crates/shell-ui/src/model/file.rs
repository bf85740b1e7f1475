//! A file that a sandbox holds.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use oz_core::OsBytes;
use oz_core::said::Said;

use crate::words::{tr, tr_with};

/// How much of a program's name is shown.
const PROGRAM: usize = 32;

/// One file or directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its path, in any bytes.
    pub path: Vec<u8>,
    /// The sandbox may change it.
    pub write: bool,
    /// Why it is held: `argument`, `cli`, `panel`, `dialog`, `profile`, `beside`, …
    pub origin: String,
    /// When it ends by itself, in seconds since 1970; 0 if it does not.
    pub until: u64,
    /// Later sandboxes of the profile get it as well.
    pub lasting: bool,
}

impl File {
    /// Its path.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }

    /// Its name, fit to be read.
    pub fn name(&self) -> String {
        let name = self.as_path().file_name().unwrap_or(OsStr::new("/"));
        OsBytes::from(name.to_owned()).to_string()
    }

    /// Where it is, fit to be read.
    pub fn directory(&self) -> String {
        let directory = self.as_path().parent().unwrap_or(Path::new("/"));
        OsBytes::from(directory).to_string()
    }

    /// Whether it can be taken back: what a profile shares is there as long as the sandbox is.
    pub fn is_removable(&self) -> bool {
        self.origin != "profile"
    }

    /// How it is held, in a line.
    pub fn words(&self) -> String {
        let access = if self.write {
            tr("May be changed")
        } else {
            tr("Read only")
        };
        let origin = match self.origin.as_str() {
            "argument" => tr("named when the app was started"),
            "beside" => tr("beside a file that was named"),
            "dialog" => tr("chosen in a dialog"),
            "drop" => tr("dropped onto the app"),
            "panel" => tr("added in the panel"),
            "opened" => tr("opened from another app"),
            "profile" => tr("always, by its profile"),
            _ => tr("added by you"),
        };
        let mut words = format!("{access} · {origin}");
        if self.lasting && self.origin != "profile" {
            words.push_str(" · ");
            words.push_str(&tr("for good"));
        }
        words
    }

    /// What a person should know before it is taken back from a sandbox.
    pub fn warning(&self, sandbox: &str, directory: bool) -> String {
        let fill = [("app", sandbox)];
        let mut warning = if self.write && !directory {
            tr_with(
                "{app} cannot read or write it any more, nor go on with what it has open of it.",
                &fill,
            )
        } else {
            tr_with(
                "{app} cannot open it any more. What it has open at this moment stays open until it closes it, \
                 and what it has read it knows.",
                &fill,
            )
        };
        if self.lasting {
            warning.push(' ');
            warning.push_str(&tr("Later sandboxes of the app do not get it either."));
        }
        warning
    }
}

/// A file that was taken back, and that programs have open still.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StillOpen {
    /// Its path, in any bytes.
    pub path: Vec<u8>,
    /// Which programs, by the names that they give themselves.
    pub programs: Vec<Vec<u8>>,
}

impl StillOpen {
    /// Its name, fit to be read.
    pub fn name(&self) -> String {
        let file = File {
            path: self.path.clone(),
            ..File::default()
        };
        file.name()
    }

    /// What that means, in a line.
    pub fn words(&self) -> String {
        let programs = self
            .programs
            .iter()
            .filter_map(|name| Said::new(name, PROGRAM));
        let programs: Vec<String> = programs.map(|name| name.quoted()).collect();
        if programs.is_empty() {
            return tr("Taken back, and still open in the sandbox");
        }
        let programs = programs.join(", ");
        tr_with(
            "Taken back, and still open in {programs}",
            &[("programs", &programs)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &[u8], origin: &str) -> File {
        File {
            path: path.to_vec(),
            origin: origin.into(),
            ..File::default()
        }
    }

    #[test]
    fn names_that_mislead_are_written_out() {
        let file = file(b"/home/u/a\n\xffb\xe2\x80\xaegpj.exe", "argument");
        assert_eq!(file.name(), r"a\x0a\xffb\xe2\x80\xaegpj.exe");
        assert_eq!(file.directory(), "/home/u");
    }

    #[test]
    fn it_says_what_may_be_done_and_why() {
        let mut file = file(b"/home/u/a", "argument");
        assert_eq!(file.words(), "Read only · named when the app was started");
        file.write = true;
        file.lasting = true;
        file.origin = "cli".into();
        assert_eq!(file.words(), "May be changed · added by you · for good");
        assert!(file.is_removable());
        file.origin = "profile".into();
        assert!(!file.is_removable());
    }

    #[test]
    fn a_warning_is_honest_about_what_stays_open() {
        let mut file = file(b"/home/u/a", "cli");
        assert!(file.warning("gedit", false).contains("stays open"));
        file.write = true;
        assert!(!file.warning("gedit", false).contains("stays open"));
        assert!(file.warning("gedit", true).contains("stays open"));
    }

    #[test]
    fn who_has_it_open_is_quoted() {
        let mut open = StillOpen {
            path: b"/home/u/a".to_vec(),
            programs: vec![b"vi\x1bm".to_vec(), b"less".to_vec()],
        };
        assert_eq!(open.words(), "Taken back, and still open in “vim”, “less”");
        open.programs.clear();
        assert_eq!(open.words(), "Taken back, and still open in the sandbox");
    }
}
