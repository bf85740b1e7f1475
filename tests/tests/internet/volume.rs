//! A volume that was plugged in: what lies on it is named and given like files of the home.

use std::fs;
use std::path::{Path, PathBuf};

use oz_e2e::{Inside, Run, Session, oz};

/// Where the session has one.
fn stick() -> PathBuf {
    let user = Run::new("id", ["-un"]).run().ok().text();
    Path::new("/media").join(user).join("stick")
}

#[test]
fn a_file_on_a_volume_is_opened_by_argument_and_saved_by_rename() {
    let session = Session::begin();
    let dir = stick().join("letters");
    fs::create_dir_all(&dir).expect("a directory on the volume");
    let [file, other] = ["letter.txt", "other.txt"].map(|name| dir.join(name));
    fs::write(&file, "Dear all\n").expect("written");
    fs::write(&other, "not named\n").expect("written");
    let _profile = session.profile(
        "writes",
        r#"{ "match": { "executables": ["tail"] }, "files": { "arguments": "write" } }"#,
    );
    let inside = Inside::of(
        &oz(["run", "--detach", "writes", "-f"])
            .arg(&file)
            .run()
            .ok()
            .text(),
    );
    let place = file.display();
    assert_eq!(inside.sh(&format!("cat {place}")).ok().text(), "Dear all");
    inside
        .sh(&format!("cat {}", other.display()))
        .refused_inside();
    inside
        .sh(&format!("echo new > {place}.tmp && mv {place}.tmp {place}"))
        .ok();
    assert_eq!(fs::read_to_string(&file).expect("there"), "new\n");
    assert!(!dir.join("letter.txt.tmp").exists());
    fs::remove_dir_all(&dir).expect("removed");
}

#[test]
fn a_volume_is_added_and_taken_back() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let dir = stick().join("pictures");
    fs::create_dir_all(&dir).expect("a directory on the volume");
    fs::write(dir.join("one"), "1\n").expect("written");
    oz(["add", inside.id()]).arg(stick()).run().ok();
    let look = format!("cat {}/one", dir.display());
    assert_eq!(inside.sh(&look).ok().text(), "1");
    oz(["remove", inside.id()]).arg(stick()).run().ok();
    inside.sh(&look).refused_inside();
    fs::remove_dir_all(&dir).expect("removed");
}
