//! Telling the person that something did not come of what they did.

use std::collections::HashMap;

use zbus::Variant;

use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::owner;
use crate::sandbox::Sandbox;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The service's own time.
const TIME: i32 = -1;

/// Shows why; nobody waits for it.
pub(super) fn show(daemon: &Daemon, sandbox: &Sandbox, failure: &Failure) {
    let Some(bus) = daemon.bus.get().cloned() else {
        return;
    };
    let summary = format!("“{}” does not get that file", sandbox.id);
    let body = failure.to_string();
    tokio::spawn(async move {
        let hints: HashMap<&str, Variant<'_>> = HashMap::new();
        let actions: [&str; 0] = [];
        let arguments = (
            "Oz",
            0_u32,
            "dialog-warning",
            &summary,
            &body,
            &actions[..],
            hints,
            TIME,
        );
        owner::call(&bus, NAME, PATH, NAME, "Notify", &arguments).await
    });
}
