//! mako, the notification service, and a hand on its buttons.

use std::time::Duration;

use oz_e2e::run::Started;
use oz_e2e::{Run, wait};
use serde_json::Value;

/// The service; it ends with the value.
pub struct Service(#[expect(dead_code, reason = "held so that it runs")] Started);

impl Service {
    /// Starts it and waits until it has its name.
    pub fn start(arguments: &[&str]) -> Self {
        let started = Run::new("mako", arguments).start();
        wait::for_condition("mako", || makoctl(&["list"]).run().code == 0);
        Self(started)
    }

    /// The one notification, once it is there.
    pub fn notification(&self) -> Value {
        wait::until("a notification", || {
            let list = self.list();
            (list.len() == 1).then(|| list[0].clone())
        })
    }

    /// All notifications.
    pub fn list(&self) -> Vec<Value> {
        let ran = makoctl(&["list"]).run().ok();
        let list: Value = serde_json::from_slice(&ran.out).expect("JSON");
        list["data"][0].as_array().expect("a list").clone()
    }

    /// Waits until there is none.
    pub fn wait_for_none(&self) {
        wait::for_condition("no notification", || self.list().is_empty());
    }

    /// Presses a button.
    pub fn press(&self, notification: &Value, button: &str) {
        let id = notification["id"]["data"].to_string();
        makoctl(&["invoke", "-n", &id, button]).run().ok();
    }
}

fn makoctl(arguments: &[&str]) -> Run {
    Run::new("makoctl", arguments).within(Duration::from_secs(20))
}
