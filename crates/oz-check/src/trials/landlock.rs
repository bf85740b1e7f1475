//! The second wall around files, signals and sockets.

use std::process::{Command, ExitCode};

use oz_core::report::Wall;
use oz_sys::attempt::{MOST_DOMAINS, fill_up_with_domains};

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[Trial {
    wall: Wall::Landlock,
    claim: "a Landlock domain is around it",
    // No file of the kernel says so. But it puts no more than so many around a process, and who can have
    // all of them has had none.
    run: |_| {
        let child = Command::new("/proc/self/exe").arg(DOMAINS).status();
        let count = child.map(|status| status.code().and_then(|code| u32::try_from(code).ok()));
        match count {
            Ok(Some(count)) if count < MOST_DOMAINS => {
                Verdict::holds(format!("{} of {MOST_DOMAINS}", MOST_DOMAINS - count))
            }
            Ok(Some(MOST_DOMAINS)) => Verdict::broken("there is none"),
            Ok(_) => Verdict::broken("the kernel has no Landlock"),
            Err(error) => Verdict::broken(format!("it cannot be tried: {error}")),
        }
    },
}];

/// The argument of a process that counts.
pub const DOMAINS: &str = "landlock-domains";

/// Its status is the number that it could add.
pub fn count() -> ExitCode {
    match fill_up_with_domains().map(u8::try_from) {
        Ok(Ok(count)) => ExitCode::from(count),
        _ => ExitCode::from(u8::MAX),
    }
}
