//! What init reports, as sentences that say what to do.

use oz_core::OsBytes;
use oz_core::plan::{Mode, Plan};
use oz_core::report::{Entry, Line, WALLS};
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
    let errno = known(errno);
    let kind = match (stage, errno) {
        (Stage::Execute, Some(Errno::NOENT)) => Kind::CommandNotFound,
        (Stage::Execute, _) => Kind::NotExecutable,
        _ => Kind::Launch,
    };
    Failure::new(kind, what, remedy(plan, stage, subject, errno))
}

/// Whatever number init sends, only the kernel's mean something.
fn known(errno: i32) -> Option<Errno> {
    let is_known = (1..4096).contains(&errno);
    is_known.then(|| Errno::from_raw_os_error(errno))
}

/// The failure of a wall that the profile requires.
pub(crate) fn lacks(plan: &Plan, line: &Line) -> Failure {
    let subject = format!("{}: {}", line.wall, line.why);
    failure(plan, Stage::Wall, &subject.as_str().into(), 0)
}

fn remedy(plan: &Plan, stage: Stage, subject: &OsBytes, errno: Option<Errno>) -> String {
    match (stage, errno) {
        (Stage::Namespaces | Stage::NestedNamespace | Stage::UserMap, Some(Errno::PERM | Errno::ACCESS)) => {
            "This kernel refuses user namespaces: allow them with `sysctl kernel.unprivileged_userns_clone=1`, \
             or on Ubuntu install the AppArmor profile that comes with Oz or set \
             `sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
                .to_owned()
        }
        (Stage::Namespaces | Stage::NestedNamespace, Some(Errno::NOSPC | Errno::USERS)) => {
            "The limit of namespaces is reached: raise `sysctl user.max_user_namespaces` (and the other \
             user.max_*_namespaces)"
                .to_owned()
        }
        (Stage::Namespaces | Stage::NestedNamespace, Some(Errno::INVAL | Errno::NOSYS)) => {
            "This kernel lacks a namespace: `oz doctor` says which".to_owned()
        }
        (Stage::Wall, _) => wall(plan, &subject.to_string()),
        (Stage::Root, Some(Errno::NOENT)) => format!(
            "Make that path, or mark it as optional in the profile {}",
            plan.profile
        ),
        (Stage::Execute, Some(Errno::NOENT)) => {
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
    let give = format!("{}{rest}", first.to_uppercase());
    let by_profile = plan
        .required
        .iter()
        .any(|wall| subject.split(':').next() == Some(wall.entry().name));
    if by_profile || plan.network.mode != Mode::Host {
        let profile = &plan.profile;
        return format!("{give}, or take the wall out of walls.require in the profile {profile}");
    }
    format!(
        "{give}: nothing else would keep abstract sockets, such as the X server's, from who is in the host's \
         network; or use another one: `--net internet`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_that_init_sends_is_too_much() {
        for errno in [i32::MIN, -1, 0, 4096, i32::MAX] {
            assert_eq!(known(errno), None);
        }
        assert_eq!(known(2), Some(Errno::NOENT));
        assert!(known(1).is_some() && known(4095).is_some());
    }
}
