//! What the user saves while a merge, or its undoing, is at the same file.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use oz_core::wire::copies::{Merge, Undo};

use super::{Layers, read, write};
use crate::copies::{merge, undo};

/// Copying it onto the disk takes some time.
const LARGE: usize = 64 << 20;

/// Does something, while somebody saves a file as editors do, as soon as something whose name begins so is made in a directory. Says
/// what came of it, unless nobody had time for that before it was over.
fn while_saving<T>(
    layers: &Layers,
    (directory, begin): (&Path, &str),
    work: impl FnOnce() -> T,
) -> Option<T> {
    let path = layers.source("file");
    let saved = layers.source("saved");
    write(&saved, "of the user");
    let is_made = || {
        let entries = fs::read_dir(directory).expect("a directory").flatten();
        let mut names = entries.map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().starts_with(begin))
    };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let saving = scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                if is_made() {
                    fs::rename(&saved, &path).expect("saved");
                    return true;
                }
            }
            false
        });
        let done = work();
        is_over.store(true, Ordering::Release);
        saving.join().expect("no panic").then_some(done)
    })
}

/// Most processors have time for it the first time.
const TRIES: usize = 100;

fn nothing_is_left(layers: &Layers, names: &[&str]) {
    let entries = fs::read_dir(layers.source("")).expect("a directory");
    let mut left: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, names);
}

fn stays_while_it_is_merged(files: &[&str]) {
    for _ in 0..TRIES {
        let layers = Layers::over(files);
        layers.write("file", &"x".repeat(LARGE));
        let order = layers.order();
        let made = (&*layers.source(""), ".oz-");
        let merge = || merge::take_over(&order).expect("merged");
        let Some(merged) = while_saving(&layers, made, merge) else {
            continue;
        };
        assert_eq!(read(&layers.source("file")), "of the user");
        if merged.left.is_empty() {
            // It was saved later.
            continue;
        }
        assert_eq!((merged.done, merged.left.len()), (0, 1), "{merged:?}");
        nothing_is_left(&layers, &["file"]);
        // The app's is a change still.
        assert_eq!(layers.changes().len(), 1);
        return;
    }
    panic!("nobody had time to save anything");
}

#[test]
fn a_file_that_the_user_saves_under_the_name_of_one_that_is_added_stays() {
    stays_while_it_is_merged(&[]);
}

#[test]
fn a_file_that_the_user_saves_while_it_is_replaced_stays() {
    stays_while_it_is_merged(&["file"]);
}

#[test]
fn what_the_user_puts_where_a_file_was_deleted_stays() {
    let layers = Layers::over(&["file"]);
    layers.mark_deleted("file");
    let order = layers.order();
    fs::remove_file(layers.source("file")).expect("removed");
    fs::create_dir(layers.source("file")).expect("made");
    let merged = merge::take_over(&order).expect("merged");
    assert_eq!(merged.left.len(), 1, "{merged:?}");
    assert!(layers.source("file").is_dir());
}

/// Brings about what a merge leaves that is killed right after it has put the app's file in the place of `replaced`.
fn cut_off(layers: &Layers, order: &Merge, replaced: &Path) {
    let text = postcard::to_stdvec(order).expect("encodes");
    fs::write(order.journal.join(Merge::ORDER), text).expect("written");
    let original = layers.source("file");
    fs::hard_link(&original, order.journal.join("old-0")).expect("kept");
    let name = |path: &Path| path.file_name().expect("a name").to_owned();
    let sandbox = name(order.journal.parent().expect("a parent"));
    let aside = format!(".oz-{}-journal-0-ready", sandbox.to_string_lossy());
    fs::rename(replaced, layers.source(&aside)).expect("aside");
    fs::copy(layers.upper("file"), original).expect("put");
}

#[test]
fn what_a_merge_that_was_cut_off_has_replaced_does_not_lie_about() {
    let layers = Layers::over(&["file"]);
    layers.write("file", "of the app");
    let order = layers.order();
    cut_off(&layers, &order, &layers.source("file"));
    let merged = merge::take_over(&order).expect("merged");
    assert_eq!(merged.left, []);
    nothing_is_left(&layers, &["file"]);
    assert_eq!(read(&order.journal.join("old-0")), "file");
}

#[test]
fn what_the_user_has_saved_right_before_a_merge_was_cut_off_is_not_lost() {
    let layers = Layers::over(&["file"]);
    layers.write("file", "of the app");
    let order = layers.order();
    let saved = layers.source("saved");
    write(&saved, "of the user");
    cut_off(&layers, &order, &saved);
    merge::take_over(&order).expect("merged");
    nothing_is_left(&layers, &["file"]);
    assert_eq!(read(&order.journal.join("saved-0")), "of the user");
}

#[test]
fn a_file_takes_the_place_of_a_directory_in_one_merge() {
    let layers = Layers::over(&["file/inner"]);
    layers.write("file", "of the app");
    assert_eq!(layers.merge().left, []);
    assert_eq!(read(&layers.source("file")), "of the app");
}

/// What is merged, and then taken back.
fn merged(layers: &Layers) -> Undo {
    let order = layers.order();
    let merged = merge::take_over(&order).expect("merged");
    assert_eq!(merged.left, []);
    Undo {
        place: order.place,
        journal: order.journal,
    }
}

fn stays_while_it_is_taken_back(files: &[&str]) {
    for _ in 0..TRIES {
        let layers = Layers::over(files);
        layers.write("file", &"x".repeat(LARGE));
        let order = merged(&layers);
        // It is copied into the layer first.
        let made = (&*order.journal, "new-");
        let undo = || undo::take_back(&order).expect("taken back");
        let Some(undone) = while_saving(&layers, made, undo) else {
            continue;
        };
        assert_eq!(read(&layers.source("file")), "of the user");
        if undone.left.is_empty() {
            continue;
        }
        assert_eq!(undone.left.len(), 1, "{undone:?}");
        nothing_is_left(&layers, &["file"]);
        assert!(layers.upper("file").exists());
        return;
    }
    panic!("nobody had time to save anything");
}

#[test]
fn a_file_that_the_user_saves_while_a_merge_is_taken_back_stays() {
    stays_while_it_is_taken_back(&["file"]);
}

#[test]
fn a_file_that_the_user_saves_while_an_added_one_is_taken_back_stays() {
    stays_while_it_is_taken_back(&[]);
}

#[test]
fn what_an_undo_replaces_is_in_the_journal() {
    for files in [&["file"] as &[&str], &[]] {
        let layers = Layers::over(files);
        layers.write("file", "of the app");
        let order = merged(&layers);
        assert_eq!(read(&layers.source("file")), "of the app");
        let undone = undo::take_back(&order).expect("taken back");
        assert_eq!(undone.left, []);
        nothing_is_left(&layers, files);
        assert_eq!(read(&order.journal.join("undone-0")), "of the app");
        assert_eq!(read(&layers.upper("file")), "of the app");
    }
}

#[test]
fn an_undo_that_was_cut_off_when_something_was_away_goes_on() {
    let layers = Layers::over(&["file/inner"]);
    layers.write("file", "of the app");
    let order = merged(&layers);
    assert_eq!(read(&layers.source("file")), "of the app");
    // It was to make the directory again.
    fs::write(order.journal.join(Merge::UNDO), "").expect("written");
    let number = (0..2).find(|number| order.journal.join(format!("old-{number}")).is_dir());
    let number = number.expect("the directory is kept");
    fs::copy(layers.source("file"), layers.upper("file")).expect("in the copy");
    let away = order.journal.join(format!("undone-{number}"));
    fs::rename(layers.source("file"), away).expect("away");
    let undone = undo::take_back(&order).expect("taken back");
    assert_eq!(undone.left, []);
    assert_eq!(read(&layers.source("file/inner")), "file/inner");
}
