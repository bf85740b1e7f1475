//! What needs systemd and its control groups: run by `cargo xtask machine`, on a machine that has them.
//!
//! The kernel is Debian 12's, which is older than the one that all else is tried on.

mod bombs;
mod manager;
mod scope;

use std::path::PathBuf;

use oz_core::plan::Limits;
use oz_e2e::{Inside, Run, cli, oz};
use serde_json::Value;

/// A sandbox's scope, as the kernel has it.
struct Scope {
    unit: String,
    directory: PathBuf,
}

impl Scope {
    /// The scope of a sandbox that runs.
    fn of(inside: &Inside) -> Self {
        let init = init(inside);
        let list = std::fs::read_to_string(format!("/proc/{init}/cgroup")).expect("a group");
        let path = list.trim().strip_prefix("0::/").expect("version 2 alone");
        let unit = path.rsplit('/').next().unwrap_or_default().to_owned();
        assert!(
            unit.starts_with("app-oz-") && unit.ends_with(".scope"),
            "{path}"
        );
        assert!(path.contains("/app.slice/"), "{path}");
        let directory = PathBuf::from("/sys/fs/cgroup").join(path);
        Self { unit, directory }
    }

    fn read(&self, file: &str) -> String {
        let path = self.directory.join(file);
        let text = std::fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.trim().to_owned()
    }

    fn number(&self, file: &str) -> u64 {
        self.read(file).parse().expect("a number")
    }

    /// A number in a file of `NAME NUMBER` lines.
    fn field(&self, file: &str, name: &str) -> u64 {
        let text = self.read(file);
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a line").trim().parse().expect("a number")
    }

    /// Whether the service manager knows it still.
    fn exists(&self) -> bool {
        let list = ["--user", "list-units", "--all", "--plain", "--no-legend"];
        let text = Run::new("systemctl", list)
            .arg("app-oz-*")
            .run()
            .ok()
            .text();
        text.contains(&self.unit)
    }
}

/// Init of a sandbox, on the host.
fn init(inside: &Inside) -> i64 {
    let list = cli::json(["ps"]);
    let row = list.as_array().expect("a list").iter();
    let mut row = row.filter(|row| row["id"] == inside.id());
    row.next().expect("it runs")["pid"]
        .as_i64()
        .expect("a number")
}

/// What the plan of a sandbox says.
fn limits(words: &[&str]) -> Limits {
    let ran = oz(["plan", "--json"]).args(words).run().ok();
    let plan: Value = serde_json::from_slice(&ran.out).expect("JSON");
    serde_json::from_value(plan["limits"].clone()).expect("limits")
}

/// What `oz check` finds of a wall: how far it holds, and whether all is as it was asked for.
fn checked(inside: &Inside, wall: &str) -> (String, bool) {
    let ran = oz(["check", inside.id(), "--json"]).run();
    let checked: Value = serde_json::from_slice(&ran.out).unwrap_or_else(|_| panic!("{ran}"));
    let walls = checked["walls"].as_array().expect("a list");
    let row = walls
        .iter()
        .find(|row| row["wall"] == wall)
        .expect("a wall");
    let state = row["state"].as_str().expect("a word").to_owned();
    (state, checked["holds"] == true)
}

/// Waits until `oz` answers by a daemon that is not this one.
fn daemon() -> Option<i32> {
    let show = [
        "--user",
        "show",
        "oz.service",
        "--property=MainPID",
        "--value",
    ];
    let text = Run::new("systemctl", show).run().ok().text();
    text.parse().ok().filter(|pid| *pid > 0)
}
