//! What the user moves keeps the times of what is in it.

use std::fs;

use oz_core::wire::copies::{Conflict, What};

use super::{Layers, read, write};

#[test]
fn photos_that_are_moved_into_a_directory_that_an_app_has_made_anew_are_not_deleted() {
    let layers = Layers::over(&["d/file", "photos/deep/picture"]);
    layers.make_again("d");
    layers.write("d/file", "d/file");
    assert_eq!(layers.conflicts(), []);
    fs::rename(layers.source("photos"), layers.source("d/photos")).expect("moved");
    let changed = Some(Conflict::Changed);
    let expected = ["d/photos", "d/photos/deep", "d/photos/deep/picture"];
    let expected = expected.map(|path| (path.to_owned(), What::Deleted, changed));
    assert_eq!(layers.conflicts(), expected);
    layers.merge();
    let picture = layers.source("d/photos/deep/picture");
    assert_eq!(read(&picture), "photos/deep/picture");
}

#[test]
fn photos_that_are_moved_into_a_directory_that_an_app_has_deleted_are_not_deleted() {
    let layers = Layers::over(&["d/e/file", "photos/deep/picture"]);
    layers.mark_deleted("d");
    fs::rename(layers.source("photos"), layers.source("d/e/photos")).expect("moved");
    layers.merge();
    let picture = layers.source("d/e/photos/deep/picture");
    assert_eq!(read(&picture), "photos/deep/picture");
}

#[test]
fn a_directory_that_comes_in_the_place_of_one_that_an_app_has_changed_keeps_its_files() {
    let layers = Layers::over(&[
        "d/changed",
        "d/deleted",
        "d/sub/changed",
        "spare/changed",
        "spare/deleted",
        "spare/sub/changed",
    ]);
    layers.write("d/changed", "of the app");
    layers.write("d/sub/changed", "of the app");
    layers.mark_deleted("d/deleted");
    fs::rename(layers.source("d"), layers.source("old")).expect("moved");
    fs::rename(layers.source("spare"), layers.source("d")).expect("moved");
    let all = layers.conflicts();
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|(.., conflict)| *conflict == Some(Conflict::Changed)),
        "{all:?}"
    );
    layers.merge();
    for path in ["changed", "deleted", "sub/changed"] {
        let there = layers.source(&format!("d/{path}"));
        assert_eq!(read(&there), format!("spare/{path}"));
    }
}

#[test]
fn names_that_come_into_a_directory_are_no_conflict_of_what_is_in_it() {
    let layers = Layers::over(&["d/changed", "d/deleted"]);
    layers.write("d/changed", "of the app");
    layers.mark_deleted("d/deleted");
    write(&layers.source("d/new"), "of the user");
    assert_eq!(layers.merge().done, 2);
    assert_eq!(read(&layers.source("d/changed")), "of the app");
    assert!(!layers.source("d/deleted").exists());
}
