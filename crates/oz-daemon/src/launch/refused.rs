//! What init reports, as sentences that say what to do.

use oz_core::OsBytes;
use oz_core::plan::Plan;
use oz_core::wire::init::Stage;
use rustix::io::Errno;

use crate::failure::{Failure, Kind};

/// The failure of a stage. The subject comes from inside: it is quoted and capped.
pub(crate) fn failure(plan: &Plan, stage: Stage, subject: &OsBytes, errno: i32) -> Failure {
    let subject: String = subject.to_string().chars().take(200).collect();
    let mut what = stage.to_string();
    if !subject.is_empty() {
        what = format!("{what}: {subject}");
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
    Failure::new(kind, what, remedy(plan, stage, errno))
}

fn remedy(plan: &Plan, stage: Stage, errno: Errno) -> String {
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
