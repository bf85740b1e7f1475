//! The user's files, the system's files, and read-only ones.

use std::fs;

use oz_e2e::claim::{cannot, cannot_with_read, with_read, works_outside};
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::fixtures::write;
use oz_e2e::probe::Probe;
use oz_e2e::{Session, session::home};

#[test]
fn cannot_read_the_keys_of_the_user() {
    let _session = Session::begin();
    let key = write(&home().join(".ssh/id_ed25519"), b"the secret key");
    let ran = cannot(&format!("cat {}", key.display()));
    assert!(!ran.text().contains("secret"));
}

#[test]
fn cannot_see_what_is_in_the_home() {
    let _session = Session::begin();
    write(&home().join("taxes-2026.txt"), b"x");
    write(&home().join(".config/some-app/token"), b"x");
    let look = format!(
        "find {} -name taxes-2026.txt -o -name token | grep .",
        home().display()
    );
    cannot(&look);
}

#[test]
fn cannot_see_other_homes_or_the_directories_above_its_own() {
    let session = Session::begin();
    let beside = session.dir().join("beside-the-home");
    fs::write(&beside, "x").unwrap();
    cannot(&format!("ls {}", beside.display()));
    cannot("ls /boot");
    cannot("ls /srv");
    cannot("ls -d /root");
}

#[test]
fn cannot_reach_the_host_s_root_through_proc() {
    let _session = Session::begin();
    let secret = write(&home().join("secret.txt"), b"found it");
    let everywhere = format!(
        "for d in /proc/*/root /proc/*/cwd; do cat $d{} && exit 0; done; exit 1",
        secret.display()
    );
    let ran = cannot(&everywhere);
    assert!(!ran.text().contains("found it"), "{ran}");
}

#[test]
fn cannot_write_system_directories() {
    let _session = Session::begin();
    for dir in [
        "/usr",
        "/usr/bin",
        "/usr/local",
        "/opt",
        "/etc",
        "/etc/ssl",
        "/",
    ] {
        // An ordinary user cannot outside either; here the reason must be a mount, not a mode.
        let script = format!("test -d {dir} && touch {dir}/planted");
        sandboxed_sh(&script)
            .run()
            .refused_inside()
            .complains("read-only");
    }
}

#[test]
fn cannot_follow_dotdot_out_of_what_it_was_given() {
    let session = Session::begin();
    let granted = session.fresh_dir("open/granted");
    write(&home().join("open/hidden.txt"), b"hidden");
    let script = format!("cat {}/../hidden.txt", granted.display());
    cannot_with_read(&granted, &script);
    let chdir = format!(
        "cd {} && cat ../hidden.txt ../../open/hidden.txt",
        granted.display()
    );
    cannot_with_read(&granted, &chdir);
}

#[test]
fn cannot_follow_symlinks_out_of_what_it_was_given() {
    let session = Session::begin();
    let granted = session.fresh_dir("links");
    write(&home().join(".ssh/id_rsa"), b"the secret key");
    std::os::unix::fs::symlink(home().join(".ssh"), granted.join("keys")).unwrap();
    std::os::unix::fs::symlink("../.ssh/id_rsa", granted.join("key")).unwrap();
    for script in ["cat keys/id_rsa", "cat key"] {
        let script = format!("cd {} && {script}", granted.display());
        cannot_with_read(&granted, &script);
    }
}

#[test]
fn cannot_write_what_was_given_for_reading() {
    let session = Session::begin();
    let granted = session.fresh_dir("readonly");
    let file = write(&granted.join("file"), b"as it was");
    for attempt in [
        "echo x > file",
        "rm file",
        "mv file other",
        "touch new",
        "chmod 600 file",
        "mkdir d",
    ] {
        let inside = format!("cd {} && {attempt}", granted.display());
        with_read(&granted, &inside)
            .run()
            .refused_inside()
            .complains("read-only");
    }
    assert_eq!(fs::read(&file).unwrap(), b"as it was");
    works_outside(&format!(
        "cd {} && echo x > file && rm file",
        granted.display()
    ));
}

#[test]
fn cannot_make_a_read_only_grant_writable() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let dir = probe.dir().to_string_lossy().into_owned();
    // mount(2), remount and bind
    probe.is_refused(&[
        "syscall",
        "165",
        "@none",
        &format!("@{dir}"),
        "@none",
        "0x1020",
        "0",
    ]);
    // mount_setattr(2) with all attributes cleared
    probe.is_refused(&[
        "syscall",
        "442",
        "-100",
        &format!("@{dir}"),
        "0",
        "#32",
        "32",
    ]);
    // umount2(2), detached
    probe.is_refused(&["syscall", "166", &format!("@{dir}"), "2"]);
    let shell = format!("mount -o remount,rw,bind {dir} && touch {dir}/x");
    with_read(probe.dir(), &shell).run().refused_inside();
    let own = format!(
        "unshare --user --map-root-user --mount sh -c 'mount -o remount,rw,bind {dir} && touch {dir}/x'"
    );
    with_read(probe.dir(), &own).run().refused_inside();
    assert!(!probe.dir().join("x").exists());
}

#[test]
fn cannot_hold_a_descriptor_that_it_was_not_given() {
    let session = Session::begin();
    let secret = write(&session.fresh_dir("open-file").join("secret"), b"x");
    let list =
        "for fd in /proc/$$/fd/*; do test -e $fd && echo ${fd##*/} $(readlink $fd); done; true";
    let leak = format!(
        "exec 9<{0} 17<{0}; oz run --ephemeral -- sh -c '{list}'",
        secret.display()
    );
    let ran = oz_e2e::Run::new("bash", ["-c", &leak]).run().ok();
    let open: Vec<String> = ran.text().lines().map(str::to_owned).collect();
    let numbers: Vec<&str> = open
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(numbers, ["0", "1", "2"], "{ran}");
    assert!(open.iter().all(|line| !line.contains("secret")), "{ran}");
}
