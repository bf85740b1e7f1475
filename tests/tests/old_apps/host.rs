//! What the host runs itself.

use std::path::Path;

use oz_e2e::run::Started;
use oz_e2e::{Run, Session};

/// A terminal of the host's own, with a background and a script in it.
pub fn host_terminal(
    session: &Session,
    dir: &Path,
    title: &str,
    colour: &str,
    script: &str,
) -> Started {
    let script = format!("cd {}; {script}", dir.display());
    let run = if session.is_x11() {
        Run::new("xterm", ["-T", title, "-bg"])
            .arg(format!("#{colour}"))
            .args(["-e", "sh", "-c", &script])
    } else {
        Run::new("foot", ["--title", title, "-o"])
            .arg(format!("colors.background={colour}"))
            .args(["sh", "-c", &script])
    };
    run.start()
}
