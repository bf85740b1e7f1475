//! Names and numbers.

use super::Violation;
use crate::plan::{Plan, VERSION};

/// Two versions of Oz may run at once during an upgrade; half-understood plans are worse than none.
pub(super) fn version_is_ours(plan: &Plan) -> Result<(), Violation> {
    match plan.version {
        VERSION => Ok(()),
        other => Err(Violation::new(
            "the plan is of another version of Oz",
            other,
        )),
    }
}

/// Names are shown to people and become parts of paths.
pub(super) fn names_are_printable(plan: &Plan) -> Result<(), Violation> {
    let printable =
        |name: &str| !name.is_empty() && name.len() <= 255 && !name.chars().any(char::is_control);
    let app_id = plan
        .display
        .as_ref()
        .and_then(|display| display.app_id.as_deref());
    let names = [Some(plan.profile.as_str()), Some(&plan.user.name), app_id];
    for name in names.into_iter().flatten() {
        if !printable(name) {
            return Err(Violation::new(
                "names are 1 to 255 printable characters",
                name,
            ));
        }
    }
    // A path, which may be longer than a name.
    let readable = |rule: &str| !rule.chars().any(char::is_control);
    if let Some(ruled) = plan.rules.iter().find(|ruled| !readable(&ruled.rule)) {
        return Err(Violation::new("rules are printable", &ruled.rule));
    }
    if plan.profile.contains('/') || plan.profile.starts_with('.') {
        return Err(Violation::new("a profile's name is no path", &plan.profile));
    }
    Ok(())
}

/// It goes into files whose lines it must not end.
pub(super) fn hostname_is_a_label(plan: &Plan) -> Result<(), Violation> {
    if is_host_label(&plan.hostname) {
        Ok(())
    } else {
        Err(Violation::new(
            "the host name is 1 to 63 letters, digits and hyphens",
            &plan.hostname,
        ))
    }
}

/// Whether it is a label of a host name (RFC 1123): 1 to 63 letters, digits and hyphens.
pub fn is_host_label(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Without limits one sandbox takes the machine; with too low ones nothing starts.
pub(super) fn limits_are_sane(plan: &Plan) -> Result<(), Violation> {
    if !(1..=65_536).contains(&plan.limits.processes) {
        return Err(Violation::new(
            "1 to 65536 processes",
            plan.limits.processes,
        ));
    }
    if plan.limits.memory.is_some_and(|memory| memory < 64 << 20) {
        return Err(Violation::new(
            "a process has at least 64 MiB of memory",
            plan.limits.memory.unwrap_or_default(),
        ));
    }
    if plan.limits.total_memory < 64 << 20 {
        return Err(Violation::new(
            "a sandbox has at least 64 MiB of memory",
            plan.limits.total_memory,
        ));
    }
    if !(1..=10_000).contains(&plan.limits.cpu_weight) {
        return Err(Violation::new(
            "a weight of 1 to 10000 for the processor",
            plan.limits.cpu_weight,
        ));
    }
    if !(16..=65_536).contains(&plan.limits.open_files) {
        return Err(Violation::new(
            "16 to 65536 open files",
            plan.limits.open_files,
        ));
    }
    Ok(())
}

/// Nothing outside waits for something inside without an end.
pub(super) fn life_is_bounded(plan: &Plan) -> Result<(), Violation> {
    if plan.life.grace_ms > 600_000 {
        return Err(Violation::new(
            "a sandbox has at most ten minutes to end",
            plan.life.grace_ms,
        ));
    }
    if plan.life.watchdog.len() > 64 {
        return Err(Violation::new(
            "at most 64 watched programs",
            plan.life.watchdog.len(),
        ));
    }
    let bad = |name: &&String| name.is_empty() || name.len() > 255 || name.contains(['/', '\0']);
    match plan.life.watchdog.iter().find(bad) {
        Some(name) => Err(Violation::new("a watched program is a base name", name)),
        None => Ok(()),
    }
}
