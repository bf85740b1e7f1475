//! A sandbox with every part that there is, and killing one of them.

use std::time::Duration;

use crate::fixtures::write;
use crate::leftovers::Snapshot;
use crate::processes::{self, Process};
use crate::{Inside, Session, cli, oz, wait};
use anyhow::{Context, Result};

/// Which part is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// PID 1 of the sandbox.
    Init,
    /// What shows its windows.
    Proxy,
    /// What serves the file that it may change.
    Files,
    /// The message bus inside.
    Bus,
    /// The app.
    App,
}

impl Victim {
    fn is(self, process: &Process) -> bool {
        match self {
            Self::Init => process.runs("oz-init") && !process.is_for_the_next_launch(),
            Self::Proxy => process.runs("display-proxy"),
            Self::Files => process.serves_files(),
            // The session has one too, which is in our own pid namespace.
            Self::Bus => process.runs("dbus-daemon") && is_inside(process),
            Self::App => process.runs("gedit"),
        }
    }
}

fn is_inside(process: &Process) -> bool {
    // Who is in another namespace cannot be asked; who is in ours answers.
    let own = std::fs::read_link("/proc/self/ns/pid").ok();
    process.namespace("pid") != own
}

/// Starts an editor: it has windows, a bus, an app; and a file.
pub fn start_everything(session: &Session) -> Result<Inside> {
    let file = write(&session.fresh_dir("everything").join("doc.txt"), b"x\n");
    let ran = oz(["run", "--detach", "gedit"]).arg(&file).run().ok();
    session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    Ok(Inside::of(&ran.text()))
}

/// Kills one part, looks that the sandbox ends or can be stopped, and that nothing is left.
pub fn kill_and_look(victim: Victim, rounds: u32) -> Result<()> {
    let session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for round in 0..rounds {
        let inside = start_everything(&session)?;
        let process = wait::until(&format!("a process that is {victim:?}"), || {
            processes::of_session()
                .into_iter()
                .find(|process| victim.is(process))
        });
        process.kill();
        wait::for_condition(&format!("{process} to be gone"), || !process.lives());
        if matches!(victim, Victim::Init | Victim::App) {
            inside.wait_for_end();
        } else {
            // It may go on without; every second time it is given a moment to react.
            if round % 2 == 0 {
                wait::pause(Duration::from_millis(700));
            }
            oz(["stop", "--all"])
                .within(Duration::from_secs(30))
                .run()
                .ok();
        }
        before.wait_for_nothing_left();
        session
            .wait_for_no_window(wait::PATIENCE, |_| true)
            .with_context(|| format!("after killing {victim:?}"))?;
    }
    Ok(())
}
