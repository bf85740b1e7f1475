//! The user's service manager, which limits sandboxes as a whole, and what it was given to do so.

use std::io;
use std::path::PathBuf;

use oz_host::control_group::Group;

use super::{State, finding};
use crate::commands::doctor::Finding;

const CHECK: &str = "systemd user scope";

/// What limits memory, divides the processor, counts tasks.
const CONTROLLERS: [&str; 3] = ["memory", "cpu", "pids"];

pub(super) fn scope() -> Finding {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let there = runtime.is_some_and(|runtime| runtime.join("systemd/private").exists());
    if !there {
        return finding(
            CHECK,
            State::Weak,
            "no user service manager",
            "Log in by a session that systemd starts: without, memory is limited for each process only, and \
             no sandbox has to leave others the processor.",
        );
    }
    let uid = rustix::process::getuid().as_raw();
    delegated(Group::of_manager(uid).and_then(|group| group.controllers()))
}

/// What the system's service manager has given to the user's.
fn delegated(controllers: io::Result<Vec<String>>) -> Finding {
    let given = match controllers {
        Ok(given) if !given.is_empty() => given,
        Ok(_) | Err(_) => {
            return finding(
                CHECK,
                State::Weak,
                "there, without control groups of version 2",
                "Boot with `systemd.unified_cgroup_hierarchy=1` on the kernel's command line: memory and \
                 processor are not limited without.",
            );
        }
    };
    let is_missing = |name: &&str| !given.iter().any(|given| given == name);
    let missing: Vec<&str> = CONTROLLERS.into_iter().filter(is_missing).collect();
    if missing.is_empty() {
        return finding(
            CHECK,
            State::Good,
            format!("there, with {}", CONTROLLERS.join(", ")),
            "",
        );
    }
    finding(
        CHECK,
        State::Weak,
        format!("there, without {}", missing.join(", ")),
        "Give them to it: `sudo systemctl edit user@.service` with the two lines `[Service]` and \
         `Delegate=memory cpu pids`, then log out and in.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let of = |list: &[&str]| delegated(Ok(list.iter().map(|&name| name.to_owned()).collect()));
        assert_eq!(of(&["cpu", "memory", "pids"]).state, State::Good);
        assert_eq!(
            of(&["cpuset", "cpu", "io", "memory", "pids"]).state,
            State::Good
        );
        let weak = of(&["memory", "pids"]);
        assert_eq!(
            (weak.state, weak.found.as_str()),
            (State::Weak, "there, without cpu")
        );
        assert!(
            weak.remedy
                .is_some_and(|remedy| remedy.contains("Delegate="))
        );
        let old = of(&[]);
        assert!(old.remedy.is_some_and(|remedy| remedy.contains("unified")));
        let none = delegated(Err(io::ErrorKind::NotFound.into()));
        assert_eq!(none.state, State::Weak);
    }
}
