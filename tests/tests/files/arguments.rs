//! Files that are named on the command line.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use oz_e2e::fixtures::write;
use oz_e2e::fuse::Fuse;
use oz_e2e::{Session, oz};

/// A shell as an app: its arguments are what the test says. The first script word keeps the rest.
fn profile(arguments: &str) -> String {
    format!(
        r#"{{ "description": "t", "match": {{ "executables": ["sh"] }}, "files": {{ "arguments": "{arguments}" }} }}"#
    )
}

#[test]
fn a_named_file_is_granted_read_only_unless_the_profile_says_writable() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("named").join("doc"), b"read me");
    let script = "cat \"$1\" && echo changed > \"$1\"";

    let profile_read = session.profile("argread", &profile("read"));
    let ran = oz(["run", "argread", "-c", script, "x"])
        .arg(&file)
        .run()
        .fails();
    assert_eq!(ran.text(), "read me");
    assert_eq!(fs::read(&file).unwrap(), b"read me");
    drop(profile_read);

    let _write = session.profile("argwrite", &profile("write"));
    let ran = oz(["run", "argwrite", "-c", script, "x"])
        .arg(&file)
        .run()
        .ok();
    assert_eq!(ran.text(), "read me");
    assert_eq!(fs::read(&file).unwrap(), b"changed\n");
}

#[test]
fn a_relative_name_means_the_callers_directory() {
    let session = Session::begin();
    let dir = session.fresh_dir("relative");
    write(&dir.join("doc"), b"here");
    let _profile = session.profile("argread", &profile("read"));
    let ran = oz(["run", "argread", "-c", "cat \"$1\"", "x", "doc"])
        .dir(&dir)
        .run()
        .ok();
    assert_eq!(ran.text(), "here");
}

#[test]
fn a_file_uri_is_a_file() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("uri").join("a doc"), b"by uri");
    let _profile = session.profile("argread", &profile("read"));
    let uri = format!("file://{}", file.to_string_lossy().replace(' ', "%20"));
    let script =
        "echo \"$1\"; p=${1#file://}; cat \"$(printf %b \"$(echo \"$p\" | sed 's/%/\\\\x/g')\")\"";
    let ran = oz(["run", "argread", "-c", script, "x", &uri]).run().ok();
    assert!(ran.text().ends_with("by uri"), "{ran}");
}

#[test]
fn a_file_of_another_machine_is_a_file_by_its_path_and_by_its_uri() {
    let session = Session::begin();
    let runtime = oz_e2e::session::runtime_dir();
    // As gvfs shows it.
    let share = runtime.join("gvfs/smb-share:server=nas,share=our things");
    let file = write(&share.join("a letter"), b"from there");
    let _profile = session.profile("argread", &profile("read"));
    let uri = format!("file://{}", file.to_string_lossy().replace(' ', "%20"));
    for argument in [file.to_string_lossy().as_ref(), &uri] {
        let script = format!("cat '{}'", file.display());
        let ran = oz(["run", "argread", "-c", &script, "x", argument]).run();
        assert_eq!(ran.ok().text(), "from there", "{argument}");
    }
    let inside = super::sleeper();
    super::add(&inside, &["--write"], &file).run().ok();
    inside
        .sh(&format!("echo changed > '{}'", file.display()))
        .ok();
    assert_eq!(fs::read(&file).unwrap(), b"changed\n");
    super::add(&inside, &[], runtime.join("bus")).run().fails();
    super::add(&inside, &[], runtime.join("gvfs")).run().fails();
    fs::remove_dir_all(runtime.join("gvfs")).unwrap();
}

#[test]
fn what_a_program_of_the_user_shows_as_a_file_system_is_named_and_given_like_any_file() {
    let session = Session::begin();
    let share = oz_e2e::session::runtime_dir().join("gvfs/sftp:host=nas");
    fs::create_dir_all(&share).unwrap();
    let fuse = Fuse::mount(share, "letter.txt", "from there");
    let _profile = session.profile("argread", &profile("read"));
    let script = format!("cat '{}'", fuse.file().display());
    let ran = oz(["run", "argread", "-c", &script, "x"])
        .arg(fuse.file())
        .run();
    assert_eq!(ran.ok().text(), "from there");
    let inside = super::sleeper();
    super::add(&inside, &[], fuse.file()).run().ok();
    assert_eq!(inside.sh(&script).ok().text(), "from there");
    super::remove(&inside, fuse.file()).ok();
    inside.sh(&script).refused_inside();
    drop(fuse);
    fs::remove_dir_all(oz_e2e::session::runtime_dir().join("gvfs")).unwrap();
}

#[test]
fn what_is_no_file_is_passed_on_as_it_is() {
    let session = Session::begin();
    let _profile = session.profile("argread", &profile("read"));
    let words = [
        "https://example.org/?q=1",
        "--flag=value",
        "not-a-file",
        "-",
        "",
    ];
    let ran = oz(["run", "argread", "-c", "printf '<%s>' \"$@\"", "x"])
        .args(words)
        .run()
        .ok();
    let expected: String = words.iter().map(|word| format!("<{word}>")).collect();
    assert_eq!(ran.text(), expected);
}

#[test]
fn a_command_without_profile_gets_only_what_read_and_write_name() {
    let session = Session::begin();
    let dir = session.fresh_dir("explicit");
    let file = write(&dir.join("doc"), b"x");
    oz(["run", "--", "cat"]).arg(&file).run().fails();
    oz(["run", "--read"])
        .arg(&file)
        .arg("--")
        .arg("cat")
        .arg(&file)
        .run()
        .ok();
    let change = format!("echo y > {}", file.display());
    oz(["run", "--read"])
        .arg(&dir)
        .args(["--", "sh", "-c", &change])
        .run()
        .fails();
    oz(["run", "--write"])
        .arg(&dir)
        .args(["--", "sh", "-c", &change])
        .run()
        .ok();
    assert_eq!(fs::read(&file).unwrap(), b"y\n");
}

#[test]
fn a_program_in_a_granted_directory_can_be_run() {
    let session = Session::begin();
    let dir = session.fresh_dir("programs");
    let program = write(&dir.join("hello"), b"#!/bin/sh\necho hello from inside\n");
    oz_e2e::session::make_executable(&program);
    let ran = oz(["run", "--read"])
        .arg(&dir)
        .arg("--")
        .arg(&program)
        .run()
        .ok();
    assert_eq!(ran.text(), "hello from inside");
}

#[test]
fn naming_a_file_that_does_not_exist_for_read_is_refused() {
    let session = Session::begin();
    let missing = session.fresh_dir("empty").join("missing");
    let ran = oz(["run", "--read"])
        .arg(&missing)
        .args(["--", "true"])
        .run();
    assert!([1, 2, 125].contains(&ran.code), "{ran}");
    ran.complains("missing");
}

#[test]
fn hundreds_of_files_can_be_named_at_once() {
    let session = Session::begin();
    let dir = session.fresh_dir("hundreds");
    let files: Vec<_> = (0..300)
        .map(|n| write(&dir.join(format!("f{n}")), b"x"))
        .collect();
    // A uri, a link and a name that is not text are among them.
    let link = dir.join("link");
    std::os::unix::fs::symlink(&files[0], &link).unwrap();
    let odd = write(&dir.join(std::ffi::OsStr::from_bytes(b"odd \xff")), b"x");
    let _profile = session.profile("argread", &profile("read"));
    let count = ["run", "argread", "-c", "cat \"$@\" | wc -c", "x"];
    assert_eq!(oz(count).args(&files).run().ok().text(), "300");
    let all = oz(count).args(&files).arg(&odd).arg(&link).run();
    // A link is passed on as what it leads to.
    assert_eq!(all.text(), "302", "{all}");
    fs::remove_file(odd).unwrap();
    fs::remove_file(link).unwrap();
    let inside = super::sleeper();
    oz(["add", inside.id()]).args(&files).run().ok();
    let all = format!("cat {}/* | wc -c", dir.display());
    assert_eq!(inside.sh(&all).ok().text(), "300");
    oz(["remove", inside.id()]).args(&files).run().ok();
    inside
        .sh(&format!("ls {}/*", dir.display()))
        .refused_inside();
}

#[test]
fn thousands_of_files_can_be_named_at_once() {
    let session = Session::begin();
    let dir = session.fresh_dir("thousands");
    let files: Vec<_> = (0..2500)
        .map(|n| write(&dir.join(format!("f{n}")), b"x"))
        .collect();
    let _profile = session.profile("argread", &profile("read"));
    let count = ["run", "argread", "-c", "cat \"$@\" | wc -c", "x"];
    let run = oz(count).args(&files).within(oz_e2e::wait::LONG).run();
    assert_eq!(run.ok().text(), "2500");
}
