//! `oz-probe`, the program that tries what a shell cannot, outside and inside.

use std::path::PathBuf;

use crate::cli::oz;
use crate::run::{Ran, Run};
use crate::session::{self, Session};

/// The probe's bytes: a test executable carries them, because in a session only itself is there.
#[macro_export]
macro_rules! probe {
    ($session:expr) => {
        $crate::probe::Probe::install($session, include_bytes!(env!("CARGO_BIN_EXE_oz-probe")))
    };
}

/// The probe in a directory that can be granted to a sandbox.
pub struct Probe {
    dir: PathBuf,
}

impl Probe {
    /// Writes it out; see [`probe!`](crate::probe!).
    pub fn install(session: &Session, bytes: &[u8]) -> Self {
        let dir = session.fresh_dir("probe");
        let program = dir.join("oz-probe");
        std::fs::write(&program, bytes).expect("the probe can be written");
        session::make_executable(&program);
        Self { dir }
    }

    /// The program.
    pub fn path(&self) -> PathBuf {
        self.dir.join("oz-probe")
    }

    /// The directory that it is in.
    pub fn dir(&self) -> &PathBuf {
        &self.dir
    }

    /// An attempt outside.
    pub fn outside(&self, words: &[&str]) -> Ran {
        Run::new(self.path(), words).run()
    }

    /// An attempt in a sandbox of its own that has nothing but the probe.
    pub fn inside(&self, words: &[&str]) -> Ran {
        self.inside_with(words).run()
    }

    /// The same before it is run.
    pub fn inside_with(&self, words: &[&str]) -> Run {
        oz(["run", "--ephemeral", "--read"]).arg(&self.dir).arg("--").arg(self.path()).args(words)
    }

    /// Fails unless the attempt succeeds outside and is refused inside.
    #[track_caller]
    pub fn cannot(&self, words: &[&str]) -> Ran {
        self.outside(words).ok();
        self.is_refused(words)
    }

    /// Fails unless the attempt is refused inside; for what the kernel refuses outside as well,
    /// tell why it was refused with [`says`].
    #[track_caller]
    pub fn is_refused(&self, words: &[&str]) -> Ran {
        let ran = self.inside(words);
        says(&ran, "refused");
        ran
    }
}

/// Fails unless the probe itself spoke, and in these words.
#[track_caller]
pub fn says(ran: &Ran, words: &str) {
    assert!(ran.text().starts_with(words), "the probe did not say {words:?}: {ran}");
}
