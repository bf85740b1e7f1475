//! A file that an editor changes and saves twice, whichever editor, and however it got the file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::fixtures::write;
use crate::session::Session;
use crate::{Inside, cli, oz, wait};

/// How an editor gets its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is named when the editor is started.
    Argument,
    /// The editor runs already, is given the file with `oz add`, and opens it.
    Added,
    /// The editor runs already, and the person picks the file in its dialog.
    Picked,
}

/// The ways of editors that have no dialog of their own, into every home.
pub const EACH: [(Way, &str); 4] = [
    (Way::Argument, "private"),
    (Way::Argument, "ephemeral"),
    (Way::Added, "private"),
    (Way::Added, "ephemeral"),
];

/// Every way into every home.
pub const WITH_DIALOG: [(Way, &str); 6] = [
    EACH[0],
    EACH[1],
    EACH[2],
    EACH[3],
    (Way::Picked, "private"),
    (Way::Picked, "ephemeral"),
];

/// The permissions of a file that is edited.
const MODE: u32 = 0o640;

/// A file of the host beside one that nobody was given.
pub struct Document {
    path: PathBuf,
}

impl Document {
    /// Makes it, in a directory of its own.
    pub fn new(session: &Session, directory: &str, name: &str, content: &[u8]) -> Self {
        let dir = session.fresh_dir(directory);
        write(&dir.join("neighbour"), b"not given");
        let path = write(&dir.join(name), content);
        fs::set_permissions(&path, PermissionsExt::from_mode(MODE)).expect("set");
        Self { path }
    }

    /// Where it is, outside and inside.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds it to a sandbox that runs, writable, and opens it there.
    #[track_caller]
    pub fn add_and_open(&self, inside: &Inside, program: &str) {
        oz(["add", inside.id(), "--write"])
            .arg(&self.path)
            .run()
            .ok();
        self.open(inside, program);
    }

    /// Opens it in an editor that runs in a sandbox in which it is.
    #[track_caller]
    pub fn open(&self, inside: &Inside, program: &str) {
        inside
            .sh(&format!("{program} {}", self.path.display()))
            .ok();
    }

    /// What an editor wrote over a copy of it is shown, comes to the host with the permissions that the document has, and is
    /// taken back from there.
    #[track_caller]
    pub fn is_merged_and_taken_back(&self, id: &str, content: &[u8]) {
        let read = || fs::read(&self.path).expect("there");
        let old = read();
        assert_ne!(old, content, "it was written on the host");
        let changes = cli::json(["changes", id]);
        let mut rows = changes.as_array().expect("a list").iter();
        let path = self.path.to_str();
        let own = rows.find(|row| row["path"].as_str() == path);
        let own = own.unwrap_or_else(|| panic!("nothing about it in {changes}"));
        assert_eq!(own["change"].as_str(), Some("changed"), "{changes}");
        let directory = self.path.parent().expect("a directory");
        oz(["merge", id, "--yes"]).arg(directory).run().ok();
        assert_eq!(read(), content);
        self.is_alone_as_before();
        oz(["merge", id, "--undo", "--yes"]).run().ok();
        assert_eq!(read(), old);
        self.is_alone_as_before();
        oz(["discard", id, "--yes"]).run().ok();
    }

    /// Waits until it has just this content.
    #[track_caller]
    pub fn wait_for(&self, content: &[u8]) {
        let mut last = Vec::new();
        let end = std::time::Instant::now() + wait::PATIENCE;
        while std::time::Instant::now() < end {
            // At each moment there is a whole file.
            last = fs::read(&self.path).expect("the file is there at each moment");
            if last == content {
                return;
            }
            wait::pause(std::time::Duration::from_millis(20));
        }
        let [last, wanted] = [&last, content].map(String::from_utf8_lossy);
        panic!("{} has {last:?}, not {wanted:?}", self.path.display());
    }

    /// Fails unless its permissions are as ever and nothing was left beside it.
    #[track_caller]
    pub fn is_alone_as_before(&self) {
        let mode = fs::metadata(&self.path).expect("there").mode() & 0o777;
        assert_eq!(mode, MODE, "its permissions are {mode:o}");
        let list = fs::read_dir(self.path.parent().expect("a directory")).expect("listed");
        let mut names: Vec<_> = list.map(|one| one.expect("read").file_name()).collect();
        names.sort();
        let own = self.path.file_name().expect("a name");
        let mut expected = [own.to_owned(), "neighbour".into()];
        expected.sort();
        assert_eq!(names, expected);
    }
}
