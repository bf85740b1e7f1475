//! A process of the host's: what it is named, holds and has open is worth stealing.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

/// The process; it ends with the value.
pub struct Victim {
    child: Child,
    before: Vec<String>,
}

impl Victim {
    /// Starts it.
    pub fn start(secret: &Path, nonce: &str) -> std::io::Result<Self> {
        let child = Command::new("/proc/self/exe")
            .args(["victim", nonce])
            .arg(secret)
            .current_dir(secret.parent().unwrap_or(Path::new("/")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut victim = Self {
            child,
            before: Vec::new(),
        };
        // It says when it is ready.
        if let Some(stdout) = &mut victim.child.stdout {
            std::io::Read::read(stdout, &mut [0; 1])?;
        }
        victim.before = victim.settings();
        Ok(victim)
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What others could have changed about it.
    fn settings(&self) -> Vec<String> {
        let pid = self.child.id();
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        let order = fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap_or_default();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name: the state is field 3, priority and niceness 18 and 19, policy 41.
        let fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
        let fields: Vec<&str> = fields.collect();
        let some = [16, 17, 39].map(|at| fields.get(at).copied().unwrap_or_default());
        let mut all = vec![limits, format!("kill order {order}"), some.join(" ")];
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let lines = status.lines();
        let kept = lines.filter(|l| l.starts_with("Cpus_allowed:") || l.starts_with("TracerPid"));
        all.extend(kept.map(str::to_owned));
        all
    }

    /// What was done to it.
    pub fn harm(mut self) -> Vec<String> {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return vec!["the host's process was ended".to_owned()];
        }
        let now = self.settings();
        let changed = now
            .iter()
            .zip(&self.before)
            .filter(|(now, before)| now != before);
        changed
            .map(|(now, _)| format!("the host's process has another {}", now.trim()))
            .collect()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process does: it opens the secret and waits until its parent is gone.
pub fn run(words: &[&str]) -> ExitCode {
    let open = words.get(1).map(fs::File::open);
    // PR_SET_PTRACER for anybody: where tracing is only for parents, the attack shall still be
    // possible outside.
    let arguments = [0x5961_6d61, -1, 0, 0, 0].map(crate::sys::Arg::N);
    let _ = crate::sys::call(libc::SYS_prctl, arguments);
    let _ = crate::sys::call(
        libc::SYS_prctl,
        [crate::sys::Arg::N(15), crate::sys::Arg::T("oz-victim")],
    );
    crate::say("ready");
    let mut end = Vec::new();
    let _ = std::io::Read::read_to_end(&mut std::io::stdin(), &mut end);
    drop(open);
    ExitCode::SUCCESS
}
