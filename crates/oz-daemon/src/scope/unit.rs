//! What a sandbox's scope is called and made of.

use std::fmt::Write;
use std::io::Read;

use oz_core::plan::Plan;
use zbus::Variant;

use crate::failure::{Failure, Result};

/// Where the desktop's applications are: a sandbox shares the processor with each of them, not all
/// sandboxes together with one.
const SLICE: &str = "app.slice";
/// What of an id goes into a name, which has up to 255 bytes.
const LONGEST: usize = 160;
/// How much longer than the sandbox itself the service manager waits when it ends it.
const MARGIN_MS: u64 = 2000;

/// `app-oz-ID-RANDOM.scope`, as <https://systemd.io/DESKTOP_ENVIRONMENTS> wants it: desktops find by it
/// which application it is.
pub(super) fn name(plan: &Plan) -> Result<String> {
    let mut random = [0; 8];
    let path = "/dev/urandom";
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(|error| Failure::host("read", path.as_ref(), &error))?;
    Ok(named(plan, u64::from_ne_bytes(random)))
}

fn named(plan: &Plan, random: u64) -> String {
    let desktop_id = plan
        .display
        .as_ref()
        .and_then(|display| display.app_id.as_deref());
    let id = escaped(desktop_id.unwrap_or(plan.id.as_str()));
    format!("app-oz-{id}-{random:016x}.scope")
}

/// As systemd.unit(5) says: a hyphen would begin the next part.
fn escaped(id: &str) -> String {
    let mut text = String::new();
    for byte in id.bytes() {
        if text.len() > LONGEST {
            break;
        }
        if byte.is_ascii_alphanumeric() || b":_.".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// What it is asked to be; `oom_policy`: the manager knows the property of that name.
pub(super) fn properties(
    plan: &Plan,
    init: u32,
    oom_policy: bool,
) -> Vec<(&'static str, Variant<'static>)> {
    let limits = &plan.limits;
    let grace = (u64::from(plan.life.grace_ms) + MARGIN_MS) * 1000;
    let mut all: Vec<(&str, Variant<'static>)> = vec![
        ("Description", format!("Sandbox {} of Oz", plan.id).into()),
        ("Slice", SLICE.into()),
        ("PIDs", vec![init].into()),
        // Nobody inside divides it further.
        ("Delegate", false.into()),
        // One that failed leaves nothing to be reset.
        ("CollectMode", "inactive-or-failed".into()),
        ("MemoryMax", limits.total_memory.into()),
        ("MemorySwapMax", limits.total_swap().into()),
        ("TasksMax", u64::from(limits.processes).into()),
        ("CPUWeight", u64::from(limits.cpu_weight).into()),
        // The session's end is the sandbox's: in order, and not for longer than the profile says.
        ("KillMode", "control-group".into()),
        ("TimeoutStopUSec", grace.into()),
    ];
    if oom_policy {
        // As outside: of a program that takes too much, the process that did so ends, not all of them.
        all.push(("OOMPolicy", "continue".into()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_syntax_of_unit_names_is_escaped() {
        assert_eq!(escaped("firefox-2"), "firefox\\x2d2");
        assert_eq!(escaped("org.gnome.gedit"), "org.gnome.gedit");
        assert_eq!(escaped("a/b@c %é"), "a\\x2fb\\x40c\\x20\\x25\\xc3\\xa9");
    }

    #[test]
    fn no_id_makes_a_name_too_long() {
        let longest = "-".repeat(255);
        let name = format!("app-oz-{}-{:016x}.scope", escaped(&longest), u64::MAX);
        assert!(name.len() <= 255, "{}", name.len());
    }
}
