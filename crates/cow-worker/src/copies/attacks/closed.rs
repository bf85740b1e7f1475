//! Directories that an app closes to their owner. Root gets into all of them, so this says more if somebody else runs it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use oz_core::wire::copies::Undo;

use super::{Layers, read};
use crate::copies::{merge, undo};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn close(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
}

#[test]
fn what_is_in_a_directory_that_an_app_has_closed_is_merged_and_taken_back() {
    let layers = Layers::over(&["d/changed", "d/deleted", "d/e/deep", "other"]);
    layers.write("d/changed", "of the app");
    layers.write("d/e/deep", "of the app");
    layers.write("d/e/new", "of the app");
    layers.write("read-only/file", "of the app");
    layers.mark_deleted("d/deleted");
    let before = mode(&layers.source("d"));
    for path in ["d/e", "d", "read-only"] {
        close(&layers.upper(path), 0o555);
    }
    let order = layers.order();
    assert_eq!(merge::take_over(&order).expect("merged").left, []);
    for path in ["d/changed", "d/e/deep", "d/e/new", "read-only/file"] {
        assert_eq!(read(&layers.source(path)), "of the app");
    }
    for path in ["d", "d/e", "read-only"] {
        assert_eq!(mode(&layers.source(path)), 0o555, "{path}");
    }
    let order = Undo {
        place: order.place,
        journal: order.journal,
    };
    assert_eq!(undo::take_back(&order).expect("taken back").left, []);
    for path in ["d/changed", "d/deleted", "d/e/deep"] {
        assert_eq!(read(&layers.source(path)), path);
    }
    assert!(!layers.source("read-only").exists() && !layers.source("d/e/new").exists());
    for path in ["d", "d/e"] {
        assert_eq!(mode(&layers.source(path)), before, "{path}");
    }
    for path in ["d", "d/e", "read-only"] {
        assert_eq!(mode(&layers.upper(path)), 0o555, "{path}");
        close(&layers.upper(path), 0o755);
    }
    assert_eq!(read(&layers.upper("d/e/new")), "of the app");
}
