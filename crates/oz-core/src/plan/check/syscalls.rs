//! System calls.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Violation;
use crate::plan::syscalls::{
    CLONE_NAMESPACES, CLONE_NEVER, FOR_USER_NAMESPACES, TIOCLINUX, TIOCSTI, UNSHARE, answered,
    conditional, is_never,
};
use crate::plan::{Comparison, Operator, Plan};

/// Whatever a profile says: no mounts, no namespaces, no kernel interfaces with a history of holes.
pub(super) fn dangerous_ones_are_never_allowed(plan: &Plan) -> Result<(), Violation> {
    let policy = &plan.syscalls;
    for name in policy.allow.iter().chain(policy.conditional.keys()) {
        let walls = FOR_USER_NAMESPACES.iter().any(|(known, _)| known == name);
        if walls && policy.user_namespaces {
            continue;
        }
        if let Some(reason) = is_never(name) {
            return Err(Violation::new(
                "no sandbox is allowed this call",
                format!("{name}: {reason}"),
            ));
        }
    }
    Ok(())
}

/// Two answers for one call depend on the order in which a filter asks.
pub(super) fn no_call_is_said_twice(plan: &Plan) -> Result<(), Violation> {
    let policy = &plan.syscalls;
    let names = policy
        .allow
        .iter()
        .chain(policy.conditional.keys())
        .chain(&policy.refuse);
    let mut names: Vec<&String> = names.collect();
    // Three lists, each of which is sorted: this is no more than putting them together.
    names.sort();
    for (at, name) in names.iter().enumerate() {
        let well_formed = !name.is_empty()
            && name.len() < 64
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !well_formed || at.checked_sub(1).is_some_and(|last| names[last] == *name) {
            return Err(Violation::new("each call is said once", name));
        }
    }
    Ok(())
}

/// An empty rule matches everything, an argument beyond the sixth nothing.
pub(super) fn rules_can_match(plan: &Plan) -> Result<(), Violation> {
    for (name, rules) in &plan.syscalls.conditional {
        let empty = rules.is_empty() || rules.iter().any(Vec::is_empty);
        let beyond = rules
            .iter()
            .flatten()
            .any(|comparison| comparison.argument > 5);
        if empty || beyond {
            return Err(Violation::new("a rule compares arguments 0 to 5", name));
        }
    }
    Ok(())
}

/// The rules of a call that must have some.
fn rules<'a>(plan: &'a Plan, name: &str) -> Result<&'a [Vec<Comparison>], Violation> {
    if plan.syscalls.allow.iter().any(|allowed| allowed == name) {
        return Err(Violation::new(
            "this call is allowed for some arguments only",
            name,
        ));
    }
    Ok(plan
        .syscalls
        .conditional
        .get(name)
        .map_or(&[], Vec::as_slice))
}

/// A user namespace of its own gives the app capabilities that open the kernel to it. Where the plan
/// says that it may, for a browser's walls, it is still none in which anything could be mounted.
pub(super) fn only_some_namespaces_can_be_made(plan: &Plan) -> Result<(), Violation> {
    let may = plan.syscalls.user_namespaces;
    let clone = if may { CLONE_NEVER } else { CLONE_NAMESPACES };
    let unshare = u64::from(u32::MAX) & !UNSHARE;
    for (name, flags) in [("clone", clone), ("unshare", unshare)] {
        let closes = |comparison: &Comparison| {
            comparison.argument == 0
                && matches!(comparison.operator, Operator::MaskedEqual { mask, value: 0 }
                    if mask & flags == flags)
        };
        if !rules(plan, name)?
            .iter()
            .all(|rule| rule.iter().any(closes))
        {
            return Err(Violation::new("programs cannot make namespaces", name));
        }
    }
    Ok(())
}

/// Calls that are doors to many parts of the kernel: only what the lists open is open. In namespaces of
/// its own a program has the capabilities that the kernel would ask for behind them.
pub(super) fn doors_of_the_kernel_stay_closed(plan: &Plan) -> Result<(), Violation> {
    static LISTED: [LazyLock<BTreeMap<String, Vec<Vec<Comparison>>>>; 2] = [
        LazyLock::new(|| conditional(false)),
        LazyLock::new(|| conditional(true)),
    ];
    let listed = &*LISTED[usize::from(plan.syscalls.user_namespaces)];
    for name in [
        "socket",
        "socketpair",
        "setsockopt",
        "getsockopt",
        "personality",
        "prctl",
        "prlimit64",
        "setrlimit",
    ] {
        let open = listed.get(name).map_or(&[][..], Vec::as_slice);
        if !rules(plan, name)?.iter().all(|rule| open.contains(rule)) {
            return Err(Violation::new("only what is listed is open", name));
        }
    }
    let answered = answered();
    for (name, rules) in &plan.syscalls.answered {
        let open = answered.get(name).map_or(&[][..], Vec::as_slice);
        let made = plan.syscalls.conditional.contains_key(name);
        if !made || !rules.iter().all(|rule| open.contains(rule)) {
            return Err(Violation::new("only what is so already is answered", name));
        }
    }
    Ok(())
}

/// TIOCSTI types into the terminal that `oz run` was started from; the request is compared in the low
/// 32 bits, because the kernel ignores the others (CVE-2019-10063).
pub(super) fn terminals_cannot_be_typed_into(plan: &Plan) -> Result<(), Violation> {
    for request in [TIOCSTI, TIOCLINUX] {
        let excludes = |comparison: &Comparison| {
            comparison.argument == 1
                && comparison.low32
                && comparison.operator == Operator::NotEqual(request)
        };
        if !rules(plan, "ioctl")?
            .iter()
            .all(|rule| rule.iter().any(excludes))
        {
            return Err(Violation::new(
                "terminals cannot be typed into",
                format!("ioctl {request:#x}"),
            ));
        }
    }
    Ok(())
}

/// Helpers run as the same user in namespaces beside the app's; it could starve them.
pub(super) fn others_cannot_be_slowed_down(plan: &Plan) -> Result<(), Violation> {
    let calls = [
        ("prlimit64", 0),
        ("sched_setaffinity", 0),
        ("sched_setattr", 0),
        ("sched_setparam", 0),
        ("sched_setscheduler", 0),
        ("setpriority", 1),
        ("ioprio_set", 1),
    ];
    for (name, argument) in calls {
        let oneself = |comparison: &Comparison| {
            comparison.argument == argument && comparison.operator == Operator::Equal(0)
        };
        if !rules(plan, name)?
            .iter()
            .all(|rule| rule.iter().any(oneself))
        {
            return Err(Violation::new("a process changes only itself", name));
        }
    }
    Ok(())
}
