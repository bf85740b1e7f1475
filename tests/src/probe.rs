//! `oz-probe`, the program that tries what a shell cannot, outside and inside.

use std::path::PathBuf;

use crate::cli::oz;
use crate::run::{Ran, Run};
use crate::session::{self, Session};

/// The probe in a directory that can be granted to a sandbox.
pub struct Probe {
    dir: PathBuf,
}

impl Probe {
    /// Puts a copy into a directory of its own.
    pub fn install(session: &Session) -> Self {
        let dir = session.fresh_dir("probe");
        let program = dir.join("oz-probe");
        std::fs::copy(built(), &program).expect("the probe can be copied");
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
        oz(["run", "--ephemeral", "--read"])
            .arg(&self.dir)
            .arg("--")
            .arg(self.path())
            .args(words)
    }

    /// An attempt in a sandbox that follows a template.
    pub fn inside_template(&self, template: &str, words: &[&str]) -> Ran {
        oz(["run", "--profile", template, "--ephemeral", "--read"])
            .arg(&self.dir)
            .arg("--")
            .arg(self.path())
            .args(words)
            .run()
    }

    /// Fails unless the filter of a template answers where outside the kernel itself does, whatever it says:
    /// much that it could do is not built into every kernel.
    #[track_caller]
    pub fn is_filtered(&self, template: &str, words: &[&str]) -> Ran {
        let outside = self.outside(words);
        let reached = outside.text().starts_with("ok") || outside.text().starts_with("refused");
        assert!(
            reached && !outside.text().starts_with("refused EPERM"),
            "outside it does not reach the kernel: {outside}"
        );
        let ran = self.inside_template(template, words);
        says(&ran, "refused EPERM");
        ran
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

/// Where it is: among the helpers of the session.
fn built() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join("oz-probe"))
        .find(|place| place.exists())
        .expect("oz-probe is staged with the session's helpers")
}

/// Fails unless the probe itself spoke, and in these words.
#[track_caller]
pub fn says(ran: &Ran, words: &str) {
    assert!(
        ran.text().starts_with(words),
        "the probe did not say {words:?}: {ran}"
    );
}
