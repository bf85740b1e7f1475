//! Many files that may each have been one of many others.

use std::fs;

use oz_core::wire::copies::What;
use rustix::fs::XattrFlags;

use super::Layers;
use crate::copies::budget::Budget;
use crate::copies::changes;

/// Bytes of a file. What is in none of them is in another.
const SIZE: usize = 64 << 10;

fn text(number: usize) -> String {
    format!("{number:04}\n").repeat(SIZE / 5)
}

/// A place with files that the app has deleted, and has as many orphans of: names of files that it has copied from below.
fn layers(deleted: usize, orphans: usize, shared: bool) -> Layers {
    let names: Vec<String> = (0..deleted).map(|number| format!("old{number}")).collect();
    let layers = Layers::over(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (number, name) in names.iter().enumerate() {
        fs::write(layers.source(name), text(number)).expect("written");
        layers.mark_deleted(name);
    }
    for number in 0..orphans {
        let path = layers.upper(&format!("new{number}"));
        if shared && number > 0 {
            fs::hard_link(layers.upper("new0"), path).expect("linked");
            continue;
        }
        fs::write(&path, text(1000 + number)).expect("written");
        rustix::fs::setxattr(path, "user.overlay.origin", b"", XattrFlags::empty()).expect("set");
    }
    layers
}

#[test]
fn names_of_one_file_are_compared_once() {
    let layers = layers(32, 500, true);
    let mut left = Budget::default();
    let found = changes::within(&layers.place(), &mut left).expect("looked at");
    assert_eq!(found.all.len(), 532);
    let before = Budget::default();
    // By its size, and by its lines.
    assert!(before.pairs - left.pairs <= 2 * 32, "{left:?}");
    assert!(
        before.bytes - left.bytes <= 2 * 8 * 64 * SIZE as u64,
        "{left:?}"
    );
}

#[test]
fn many_files_are_compared_as_far_as_is_worth_it() {
    let layers = layers(32, 64, false);
    // Two that are the same come first.
    fs::rename(layers.upper("new0"), layers.upper("a")).expect("moved");
    fs::write(layers.upper("a"), text(0)).expect("written");
    let whole = Budget {
        looks: 1000,
        pairs: 40,
        bytes: 40 * 8 * 2 * SIZE as u64,
    };
    let mut left = whole.clone();
    let found = changes::within(&layers.place(), &mut left).expect("looked at");
    assert_eq!(left.pairs, 0, "{left:?}");
    let renamed = |what: &What| matches!(what, What::Renamed { .. });
    let renamed = found.all.iter().filter(|change| renamed(&change.what));
    assert_eq!(renamed.count(), 1);
    let plain = |what: &What| matches!(what, What::Added | What::Deleted);
    let plain = found.all.iter().filter(|change| plain(&change.what));
    assert_eq!(plain.count(), 31 + 63);
}
