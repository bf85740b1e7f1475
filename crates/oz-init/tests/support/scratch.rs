//! A directory of the ordinary user that goes with the test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::ordinary;

pub struct Scratch {
    pub path: PathBuf,
}

impl Scratch {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oz-init-test-{}-{number}", std::process::id());
        // Not /tmp: inside, that is another one.
        let path = Path::new("/var/tmp").join(name);
        let scratch = Self { path };
        scratch.directory("");
        scratch
    }

    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path).expect("made");
        own(&path);
        path
    }

    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, content).expect("written");
        own(&path);
        path
    }
}

fn own(path: &Path) {
    let (uid, gid) = ordinary();
    std::os::unix::fs::chown(path, Some(uid), Some(gid)).expect("owned");
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
