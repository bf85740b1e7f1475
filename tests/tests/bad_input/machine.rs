//! Machines on which a sandbox cannot be made.

use std::time::Duration;

use oz_e2e::{Ran, Run, Session, oz};

use super::is_readable;

/// A shell script in a user namespace of its own, where one may mount and set limits, with a
/// message bus of its own, so with a daemon of its own.
fn elsewhere(session: &Session, prepare: &str, command: &str) -> Ran {
    let runtime = session.fresh_dir("elsewhere");
    std::fs::create_dir(runtime.join("run")).expect("a directory can be made");
    std::fs::create_dir(runtime.join("state")).expect("a directory can be made");
    let wayland =
        oz_e2e::session::runtime_dir().join(std::env::var("WAYLAND_DISPLAY").unwrap_or_default());
    let bus = format!(
        "chmod 700 {0}/run; cd {0}; {prepare}; \
         exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
         dbus-run-session -- sh -c '{command}'",
        runtime.display()
    );
    Run::new(
        "unshare",
        [
            "--user",
            "--map-current-user",
            "--keep-caps",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
        ],
    )
    .args(["--mount-proc", "sh", "-c", &bus])
    .env("XDG_RUNTIME_DIR", runtime.join("run"))
    .env("XDG_STATE_HOME", runtime.join("state"))
    .env("WAYLAND_DISPLAY", wayland)
    .within(Duration::from_secs(40))
    .run()
}

#[test]
fn the_same_set_up_without_a_hindrance_works() {
    let session = Session::begin();
    let ran = elsewhere(&session, "true", "oz run -- echo fine");
    assert_eq!(ran.ok().text(), "fine");
}

#[test]
fn without_user_namespaces_it_says_what_to_do() {
    let session = Session::begin();
    let prepare = "echo 0 > /proc/sys/user/max_user_namespaces";
    let ran = elsewhere(&session, prepare, "oz run -- echo fine")
        .exits(125)
        .complains("namespace");
    is_readable(&ran);
    let ran = elsewhere(&session, prepare, "oz doctor").complains_or_says("namespace");
    assert!(ran.code <= 1, "{ran}");
}

#[test]
fn with_a_full_disk_for_its_state_it_says_so() {
    let session = Session::begin();
    let profile = session.profile(
        "lasting",
        r#"{ "description": "t", "match": { "executables": ["sh"] }, "files": { "home": "private" } }"#,
    );
    let prepare =
        "mount -t tmpfs -o size=16k,mode=700 tmpfs state; cat /dev/zero > state/fill 2>/dev/null";
    let ran = elsewhere(
        &session,
        prepare,
        "oz run lasting -c \"echo x > ~/f && echo fine\"",
    );
    // The sandbox cannot be made, or the app is told by its own write: not a hang, not a crash.
    assert!(ran.code != 0 && !ran.text().contains("fine"), "{ran}");
    is_readable(&ran);
    drop(profile);
}

#[test]
fn a_missing_part_of_oz_is_named() {
    let session = Session::begin();
    // A daemon that is not where the service file says.
    let data = session.fresh_dir("broken-prefix");
    oz_e2e::fixtures::write(
        &data.join("dbus-1/services/org.oz.Oz1.service"),
        b"[D-BUS Service]\nName=org.oz.Oz1\nExec=/no/such/oz-daemon\n",
    );
    let ran = Run::new("dbus-run-session", ["--", "oz", "ps"])
        .env("XDG_DATA_DIRS", &data)
        .run()
        .exits(1);
    is_readable(&ran);
}

#[test]
fn doctor_looks_at_this_machine() {
    let _session = Session::begin();
    let ran = oz(["doctor"]).run();
    assert!(ran.code <= 1 && ran.text().lines().count() > 3, "{ran}");
}

/// `doctor` may put its findings on either stream.
trait Either {
    fn complains_or_says(self, word: &str) -> Self;
}

impl Either for Ran {
    fn complains_or_says(self, word: &str) -> Self {
        let all = format!("{}\n{}", self.text(), self.complaint()).to_lowercase();
        assert!(all.contains(word), "no {word}: {self}");
        self
    }
}
