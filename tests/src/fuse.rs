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

    /// From now on it does not answer: who asks waits. Each of its threads stands still then: one that still took a request
    /// would keep whoever asks from being killed.
    pub fn stop(&self) {
        let Some(server) = &self.server else { return };
        server.signal(Signal::STOP);
        let tasks = format!("/proc/{}/task", server.pid());
        let is_stopped = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ")
                .is_some_and(|(_, state)| state.starts_with('T'))
        };
        wait::for_condition("a file system that stands still", || {
            let tasks = std::fs::read_dir(&tasks).into_iter().flatten().flatten();
            tasks.map(is_stopped).all(|stopped| stopped)
        });
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
