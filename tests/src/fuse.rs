//! A file system of the user's own that answers until it is told not to: `oz-fuse` of the test kit.

use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::run::Started;
use crate::{Run, wait};

/// It, mounted; gone with the value.
pub struct Fuse {
    dir: PathBuf,
    file: PathBuf,
    server: Option<Started>,
}

impl Fuse {
    /// One file, at a directory that exists.
    pub fn mount(dir: PathBuf, file: &str, text: &str) -> Self {
        let server = Run::new("oz-fuse", [dir.as_os_str()]).args([file, text]);
        let server = Some(server.start());
        let file = dir.join(file);
        wait::for_content(&file, text);
        Self { dir, file, server }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What is in it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// From now on it does not answer: who asks waits.
    pub fn stop(&self) {
        if let Some(server) = &self.server {
            server.signal(Signal::STOP);
        }
    }

    /// Nobody waits for it any more.
    pub fn vanish(&mut self) {
        if let Some(server) = self.server.take() {
            drop(server);
            let _ = Run::new("fusermount3", ["-u", "-z"]).arg(&self.dir).run();
        }
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        self.vanish();
    }
}
