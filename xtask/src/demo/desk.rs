//! The windows on a sway desktop; on another one nothing can be said about them.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long an app may take to show its window.
const PATIENCE: Duration = Duration::from_secs(60);

/// The windows that there are, as sway numbers them; none if this is not sway.
pub(super) fn windows() -> Option<Vec<i64>> {
    std::env::var_os("SWAYSOCK")?;
    let output = Command::new("swaymsg")
        .args(["-r", "-t", "get_tree"])
        .output()
        .ok()?;
    let tree = serde_json::from_slice(&output.stdout).ok()?;
    let mut found = Vec::new();
    collect(&tree, &mut found);
    Some(found)
}

fn collect(node: &Value, found: &mut Vec<i64>) {
    if let (Some(id), true) = (node["id"].as_i64(), node["pid"].is_number()) {
        found.push(id);
    }
    for list in ["nodes", "floating_nodes"] {
        for child in node[list].as_array().into_iter().flatten() {
            collect(child, found);
        }
    }
}

/// Waits for a window that was not there before.
pub(super) fn new_window(before: &[i64]) -> Option<i64> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(new) = windows()?.into_iter().find(|id| !before.contains(id)) {
            return Some(new);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

/// Puts a window into one quarter of a screen of 1600x1000.
pub(super) fn arrange(window: &i64, place: usize) {
    let (x, y) = [(20, 40), (810, 40), (20, 540), (810, 540)][place % 4];
    let command = format!(
        "[con_id={window}] floating enable, resize set width 770 px height 440 px, \
         move absolute position {x} {y}"
    );
    // A picture that is less tidy is still a picture.
    let _ = Command::new("swaymsg").arg("-q").arg(command).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_client_draws_is_a_window() {
        let tree = serde_json::json!({"id": 1, "nodes": [{"id": 2, "floating_nodes": [{"id": 3, "pid": 9}]}]});
        let mut found = Vec::new();
        collect(&tree, &mut found);
        assert_eq!(found, [3]);
    }
}
