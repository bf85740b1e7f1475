//! `oz learn`: what is seen, what follows from it, and what a hostile program makes of it.

use std::path::Path;

use oz_e2e::fixtures::write;
use oz_e2e::probe::{Probe, says};
use oz_e2e::{Run, Session, cli, oz, wait};
use serde_json::Value;

/// Trained anew, and without a profile of the user's.
pub(crate) struct Pupil<'a> {
    session: &'a Session,
    name: &'a str,
}

impl<'a> Pupil<'a> {
    pub(crate) fn new(session: &'a Session, name: &'a str) -> Self {
        let pupil = Self { session, name };
        pupil.forget();
        pupil
    }

    fn forget(&self) {
        oz(["learn", "--forget", self.name]).run().ok();
        let file = self
            .session
            .home()
            .join(format!(".config/oz/profiles/{}.json", self.name));
        let _ = std::fs::remove_file(file);
    }

    fn python(&self, script: &str) -> Run {
        oz(["learn", "--", "python3", "-c", script]).within(wait::LONG)
    }

    pub(crate) fn shown(&self) -> Value {
        cli::json(["learn", "--show", self.name])
    }
}

impl Drop for Pupil<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.forget();
        }
    }
}

/// Keys that would change, with or without a yes of their own.
pub(crate) fn keys(shown: &Value, gives: bool) -> Vec<String> {
    let changes = shown["changes"]
        .as_array()
        .unwrap_or_else(|| panic!("{shown}"));
    let of = changes
        .iter()
        .filter(|change| change["gives"].is_null() != gives);
    of.map(|change| change["key"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn what_a_trained_program_did_not_use_is_taken_away_and_it_works_as_before() {
    let session = Session::begin();
    let pupil = Pupil::new(&session, "git");
    let probe = Probe::install(&session);
    // shmget
    let attempt = |profile: &str| {
        oz(["run", "--ephemeral", "--profile", profile, "--read"])
            .arg(probe.dir())
            .arg("--")
            .arg(probe.path())
            .args(["syscall", "29", "0", "4096", "0x3ff"])
            .run()
    };
    says(&attempt("generic"), "ok");
    let ran = oz(["learn", "--", "git", "--version"]).run().ok();
    assert!(ran.text().starts_with("git version"), "{ran}");
    ran.complains("oz learn --show git");
    let shown = pupil.shown();
    assert_eq!(
        (&shown["runs"], &shown["under"]),
        (&1.into(), &"generic".into()),
        "{shown}"
    );
    let taken = keys(&shown, false);
    assert!(
        taken.contains(&"bus.private".to_owned()) && taken.contains(&"syscalls.deny".to_owned()),
        "{shown}"
    );
    assert_eq!(keys(&shown, true), [] as [&str; 0], "{shown}");
    // Two runs are put together.
    oz(["learn", "--", "git", "help", "-a"]).run().ok();
    assert_eq!(pupil.shown()["runs"], 2);
    oz(["learn", "--save", "git"])
        .run()
        .ok()
        .complains("nothing is saved");
    oz(["learn", "--save", "git", "--yes"]).run().ok();
    let ran = oz(["run", "git", "--version"]).run().ok();
    assert!(ran.text().starts_with("git version"), "{ran}");
    says(&attempt("git"), "refused EPERM");
    assert_eq!(
        keys(&pupil.shown(), false),
        [] as [&str; 0],
        "nothing is left to take away"
    );
}

#[test]
fn a_program_that_is_trained_has_nothing_that_it_would_not_have_otherwise() {
    let session = Session::begin();
    let pupil = Pupil::new(&session, "python3");
    let secret = write(&session.home().join(".ssh/trained"), b"secret");
    let read = format!("print(open({:?}).read())", secret.display().to_string());
    let outside = Run::new("python3", ["-c", &read]).run().ok();
    assert_eq!(outside.text().trim(), "secret");
    let ran = pupil.python(&read).run();
    assert!(
        ran.code == 1 && ran.complaint().contains("FileNotFoundError"),
        "{ran}"
    );
    // The refused stay refused, and what is allowed works.
    let script = "import ctypes, os\ncall = ctypes.CDLL(None, use_errno=True).syscall\n\
                  assert call(101, 0, 0, 0, 0) == -1 and ctypes.get_errno() == 1\n\
                  os.makedirs('/tmp/a/b'); open('/tmp/a/b/c', 'w').write('x'); os.rename('/tmp/a/b/c', '/tmp/d')\n\
                  os.chdir('/tmp/a'); assert os.path.exists('../d'); open('../d').read()\n\
                  os.execv('/bin/echo', ['echo', 'fine'])";
    let ran = pupil.python(script).run().ok();
    assert_eq!(ran.text().trim(), "fine");
    std::fs::remove_file(&secret).expect("removed");
}

#[test]
fn a_hostile_program_gains_nothing_by_its_training_without_a_yes_of_its_own() {
    let session = Session::begin();
    let pupil = Pupil::new(&session, "python3");
    let home = session.home();
    for path in [
        ".ssh/id",
        ".config/autostart/x.desktop",
        "Documents/diary.txt",
        "private.txt",
    ] {
        write(&home.join(path), b"x");
    }
    let script = "import os, socket, ctypes\n\
        call = ctypes.CDLL(None, use_errno=True).syscall\n\
        home = os.environ['HOME']\n\
        def look(path, how=os.O_RDONLY):\n \
            try: os.close(os.open(path, how))\n \
            except OSError: pass\n\
        for path in ['.ssh/id', '.config/autostart/x.desktop', 'Documents/diary.txt', 'private.txt']:\n \
            look(home + '/' + path); look(home + '/' + path, os.O_RDWR)\n\
        for odd in ['\\n', '\\u202egpj.exe', '\\x1b[2J', '\"', '*', '/../../../etc/shadow']:\n \
            look(home + '/.config/' + odd + '/x', os.O_RDWR)\n\
        for number in range(30000): look('/tmp/%d/%s' % (number, 'x' * 200))\n\
        for number in range(3000): look(home + '/.config/%d/x' % number)\n\
        s = socket.socket()\n\
        try: s.connect(('192.0.2.1', 443))\n\
        except OSError: pass\n\
        call(101, 0, 0, 0, 0); call(165, 0, 0, 0, 0, 0)\n\
        call(257, -100, 0, 0, 0); call(59, 1, 1, 1)\n\
        print('done')";
    let ran = pupil.python(script).run().ok();
    assert_eq!(ran.text().trim(), "done");
    let log = home.join(".local/state/oz/learn/python3/1.log");
    let size = std::fs::metadata(&log).expect("is there").len();
    assert!(size <= 8 << 20, "{size}");
    let shown = pupil.shown();
    let gives = keys(&shown, true);
    // What was first is known, and the flood is behind it.
    for wanted in [
        "files.rules.~/.ssh",
        "files.rules.~/.config/autostart",
        "files.rules.~/private.txt",
    ] {
        assert!(gives.iter().any(|key| key == wanted), "{wanted}: {shown}");
    }
    for key in keys(&shown, false) {
        let takes = [
            "display.enabled",
            "audio.speaker",
            "bus.private",
            "syscalls.deny",
        ];
        assert!(takes.contains(&key.as_str()), "{key}: {shown}");
    }
    for change in shown["changes"].as_array().expect("a list") {
        let protected = ["files.rules.~/.ssh", "files.rules.~/.config/autostart"];
        if protected.contains(&change["key"].as_str().expect("text")) {
            assert_eq!(change["after"]["access"], "read", "{change}");
            assert!(
                change["gives"]
                    .as_str()
                    .expect("text")
                    .contains("protected"),
                "{change}"
            );
        }
    }
    let text = oz(["learn", "--show", "python3"]).run().ok();
    assert!(
        text.out
            .iter()
            .all(|byte| *byte == b'\n' || !byte.is_ascii_control()),
        "{text}"
    );
    assert!(
        !text.text().contains('\u{202e}') && text.text().contains("more different things"),
        "{text}"
    );

    oz(["learn", "--save", "python3", "--yes"]).run().ok();
    let plan = oz(["plan", "python3", "--json"]).run().ok();
    let plan: Value = serde_json::from_slice(&plan.out).expect("JSON");
    assert_eq!(
        (&plan["home"], &plan["network"]["mode"]),
        (&"ephemeral".into(), &"none".into()),
        "{plan}"
    );
    assert_eq!(plan["rules"], serde_json::json!([]), "{plan}");
    // With a yes of its own it is given, and nothing beside it.
    oz([
        "learn",
        "--save",
        "python3",
        "--give",
        "files.rules.~/private.txt",
    ])
    .run()
    .ok();
    let read = |path: &Path| {
        let script = format!("print(open({:?}).read())", path.display().to_string());
        oz(["run", "python3", "-c", &script]).run()
    };
    assert_eq!(read(&home.join("private.txt")).ok().text().trim(), "x");
    read(&home.join(".ssh/id")).fails();
    oz(["learn", "--save", "python3", "--give", "audio.microphone"])
        .run()
        .fails()
        .complains("audio.microphone is not proposed");
    for path in [
        ".ssh/id",
        ".config/autostart/x.desktop",
        "Documents/diary.txt",
        "private.txt",
    ] {
        std::fs::remove_file(home.join(path)).expect("removed");
    }
}
