//! What init reports, as sentences that say what to do.

use oz_core::OsBytes;
use oz_core::plan::Plan;
use oz_core::report::{Entry, WALLS};
use oz_core::wire::init::Stage;
use rustix::io::Errno;

use crate::failure::{Failure, Kind};

/// The failure of a stage. The subject comes from inside: it is quoted and capped.
pub(crate) fn failure(plan: &Plan, stage: Stage, subject: &OsBytes, errno: i32) -> Failure {
    let shown: String = subject.to_string().chars().take(200).collect();
    let mut what = stage.to_string();
    if !shown.is_empty() {
        what = format!("{what}: {shown}");
    }
    if errno != 0 {
        what = format!("{what}: {}", std::io::Error::from_raw_os_error(errno));
    }
    let errno = Errno::from_raw_os_error(errno);
    let kind = match (stage, errno) {
        (Stage::Execute, Errno::NOENT) => Kind::CommandNotFound,
        (Stage::Execute, _) => Kind::NotExecutable,
        _ => Kind::Launch,
    };
    Failure::new(kind, what, remedy(plan, stage, subject, errno))
}

fn remedy(plan: &Plan, stage: Stage, subject: &OsBytes, errno: Errno) -> String {
    match (stage, errno) {
        (Stage::Namespaces | Stage::NestedNamespace | Stage::UserMap, Errno::PERM | Errno::ACCESS) => {
            "This kernel refuses user namespaces: allow them with `sysctl kernel.unprivileged_userns_clone=1`, \
             or on Ubuntu install the AppArmor profile that comes with Oz or set \
             `sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
                .to_owned()
        }
        (Stage::Namespaces | Stage::NestedNamespace, Errno::NOSPC | Errno::USERS) => {
            "The limit of namespaces is reached: raise `sysctl user.max_user_namespaces` (and the other \
             user.max_*_namespaces)"
                .to_owned()
        }
        (Stage::Namespaces | Stage::NestedNamespace, Errno::INVAL | Errno::NOSYS) => {
            "This kernel lacks a namespace: `oz doctor` says which".to_owned()
        }
        (Stage::Wall, _) => wall(plan, &subject.to_string()),
        (Stage::Root, Errno::NOENT) => format!(
            "Make that path, or mark it as optional in the profile {}",
            plan.profile
        ),
        (Stage::Execute, Errno::NOENT) => {
            "Inside are the system's programs only: install it, or show it with --read".to_owned()
        }
        (Stage::Execute, _) => "Check that it is a program for this machine".to_owned(),
        _ => format!("`oz plan {}` shows what is attempted, `oz doctor` what this machine lacks", plan.profile),
    }
}

/// What gives this machine the wall, or who can do without.
fn wall(plan: &Plan, subject: &str) -> String {
    let named = |entry: &&Entry| subject.split(':').next() == Some(entry.name);
    let give = WALLS.iter().find(named).map_or("", |entry| entry.remedy);
    let (first, rest) = give.split_at(give.chars().next().map_or(0, char::len_utf8));
    format!(
        "{}{rest}, or take the wall out of walls.require in the profile {}",
        first.to_uppercase(),
        plan.profile
    )
}
