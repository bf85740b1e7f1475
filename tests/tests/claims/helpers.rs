//! What of Oz stands between a sandbox and the host is itself held to a list of system calls.

use anyhow::Result;
use oz_e2e::processes::{self, Process};
use oz_e2e::{Inside, Session, oz, parts, wait};

fn is_filtered(process: &Process) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid));
    status.is_ok_and(|status| status.lines().any(|line| line == "Seccomp:\t2"))
}

#[test]
fn whatever_serves_a_sandbox_makes_only_listed_system_calls() -> Result<()> {
    let session = Session::begin();
    let inside: Inside = parts::start_everything(&session)?;
    for program in ["oz-init", "display-proxy", "files-proxy"] {
        wait::for_condition(&format!("{program} behind its list"), || {
            let all = processes::of_session().into_iter();
            let serving =
                all.filter(|process| process.runs(program) && !process.is_for_the_next_launch());
            let mut serving = serving.peekable();
            serving.peek().is_some() && serving.all(|process| is_filtered(&process))
        });
    }
    let ran = oz(["check", "--json", inside.id()])
        .within(wait::LONG)
        .run()
        .ok();
    assert!(
        ran.text().contains("those of its init are filtered"),
        "{ran}"
    );
    Ok(())
}
