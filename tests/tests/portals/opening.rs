//! Files that an app has, opened with other apps: in their own sandboxes, and no more than the app has.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::session::home;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

use crate::links::{answer, prompt};
use crate::{host, service};

const OPENER: &str = include_str!("opener.py");
const QT: &str = include_str!("opener_qt.py");
const MANAGER: &str = include_str!("manager.py");

/// A sandbox without network, a program in it that opens things, and a desktop on which mousepad is for texts.
pub struct App {
    pub inside: Inside,
    script: PathBuf,
    _service: Started,
}

impl App {
    pub fn start(session: &Session) -> Self {
        host::begin();
        let service = service::start();
        session.forget("mousepad");
        let choice = "[Default Applications]\ntext/plain=org.xfce.mousepad.desktop\n";
        write(&home().join(".config/mimeapps.list"), choice.as_bytes());
        let script = write(
            &session.fresh_dir("app").join("opener.py"),
            OPENER.as_bytes(),
        );
        Self {
            inside: sandbox(&script),
            script,
            _service: service,
        }
    }

    /// Another sandbox instead: each may open only so much in a minute.
    fn renew(&mut self) {
        oz(["stop", self.inside.id()]).run().ok();
        self.inside = sandbox(&self.script);
    }

    /// Gives it a file or a directory.
    pub fn add(&self, file: &Path, options: &[&str]) {
        oz(["add", self.inside.id()])
            .args(options)
            .arg(file)
            .run()
            .ok();
    }

    /// Another sandbox with the same program in it.
    pub fn beside(&self) -> Inside {
        sandbox(&self.script)
    }

    /// Begins to open something.
    pub fn open(&self, method: &str, kind: &str, path: &Path) -> Started {
        self.open_in(&self.inside, method, kind, path)
    }

    /// Likewise in another sandbox.
    pub fn open_in(&self, inside: &Inside, method: &str, kind: &str, path: &Path) -> Started {
        let run = format!(
            "exec python3 {} {method} {kind} {} 2>&1",
            self.script.display(),
            path.display()
        );
        inside.script(&run).within(wait::LONG).start()
    }

    /// Opens a file, and has it opened with another app when `/tmp/go` is there.
    pub fn open_later(&self, path: &Path) -> Started {
        let run = format!(
            "(while [ ! -e /tmp/go ]; do sleep 0.1; done; echo) | python3 {} OpenFile kept {} 2>&1",
            self.script.display(),
            path.display()
        );
        let opening = self.inside.script(&run).within(wait::LONG).start();
        wait::for_condition("it is open", || opening.text_so_far().contains("open"));
        opening
    }

    /// Opens something; what the program says of it in the end.
    fn opened(&self, method: &str, kind: &str, path: &Path) -> String {
        let started = self.open(method, kind, path);
        ended(&started)
    }
}

fn sandbox(script: &Path) -> Inside {
    let read = format!("--read={}", script.display());
    Inside::start(&["--ephemeral", &read, "--", "sleep", "1000"])
}

/// What a program that opens something has said in the end.
pub fn ended(started: &Started) -> String {
    wait::for_condition("an answer", || started.text_so_far().contains("done"));
    started.text_so_far()
}

/// What a sandbox holds of a file, by its JSON.
fn held(id: &str, file: &Path) -> Option<serde_json::Value> {
    let list = cli::json(["files", id]);
    let list = list.as_array().expect("a list");
    let path = file.to_string_lossy();
    let mut list = list.iter();
    list.find(|one| one["path"] == *path).cloned()
}

fn nothing_was_started(app: &App) {
    assert_eq!(cli::running(), [app.inside.id()]);
}

#[test]
fn a_file_that_the_app_has_opens_in_the_other_apps_own_sandbox_after_a_question() -> Result<()> {
    let session = Session::begin();
    let app = App::start(&session);
    let file = write(&session.fresh_dir("held").join("letter.txt"), b"Dear all\n");
    let beside = write(&file.with_file_name("beside.txt"), b"not held\n");
    app.add(&file, &[]);
    let script = write(&app.script.with_file_name("opener_qt.py"), QT.as_bytes());
    app.add(&script, &[]);
    let open = format!("exec python3 {} {}", script.display(), file.display());
    let opening = app.inside.script(&open).within(wait::LONG).start();
    let asked = prompt();
    session.shoot("portal-open-with")?;
    let words = asked.to_string();
    assert!(
        words.contains("letter.txt") && words.contains("Mousepad"),
        "{words}"
    );
    nothing_was_started(&app);
    answer(&asked, "yes");
    session.window_within(wait::LONG, "org.xfce.mousepad", "letter.txt")?;
    session.shoot("portal-opened-with")?;
    let other = Inside::of("mousepad");
    let its = held("mousepad", &file).expect("it has the file");
    assert_eq!(
        (&its["origin"], &its["access"]),
        (&"opened".into(), &"read".into()),
        "{its}"
    );
    let cat = |path: &Path| other.sh(&format!("cat {}", path.display()));
    assert_eq!(cat(&file).ok().text(), "Dear all");
    cat(&beside).refused_inside();
    other
        .sh(&format!("echo x > {}", file.display()))
        .refused_inside();
    drop(opening);
    Ok(())
}

#[test]
fn the_other_app_may_change_the_file_only_if_this_one_may() {
    let session = Session::begin();
    let app = App::start(&session);
    let dir = session.fresh_dir("held");
    for (name, options, method, access) in [
        ("shown.txt", &[][..], "OpenFile+w", "read"),
        ("mine.txt", &["--write"][..], "OpenFile", "read"),
        ("both.txt", &["--write"][..], "OpenFile+w", "write"),
    ] {
        let file = write(&dir.join(name), b"text\n");
        app.add(&file, options);
        let opening = app.open(method, "path", &file);
        answer(&prompt(), "yes");
        assert!(
            ended(&opening).contains("response 0"),
            "{name}: {}",
            opening.text_so_far()
        );
        let its = held("mousepad", &file).expect("it has the file");
        assert_eq!(its["access"], access, "{name}: {its}");
    }
    let save = format!("echo new > {}", dir.join("both.txt").display());
    Inside::of("mousepad").sh(&save).ok();
    assert_eq!(fs::read(dir.join("both.txt")).expect("there"), b"new\n");
}

#[test]
fn no_is_no() {
    let session = Session::begin();
    let app = App::start(&session);
    let file = write(&session.fresh_dir("held").join("letter.txt"), b"Dear all\n");
    app.add(&file, &[]);
    let opening = app.open("OpenFile", "file", &file);
    answer(&prompt(), "no");
    assert!(ended(&opening).contains("response 1"));
    nothing_was_started(&app);
}

#[test]
fn what_the_app_has_not_been_given_is_neither_opened_nor_asked_about() {
    let session = Session::begin();
    let mut app = App::start(&session);
    let dir = session.fresh_dir("held");
    let mine = write(&dir.join("mine.txt"), b"mine\n");
    let secret = write(&dir.join("secret.txt"), b"secret\n");
    let none = Path::new("");
    let (private, link) = (Path::new("/tmp/private.txt"), Path::new("/tmp/link.txt"));
    for method in ["OpenFile", "OpenFile+w", "OpenDirectory"] {
        app.renew();
        app.add(&mine, &["--write"]);
        // Its own files: one where the host has none of the name, and one where the host has a secret of that name.
        let make = format!(
            "cd {} && echo own > own.txt && echo forged > secret.txt && ln -s {} {} && echo x > {}",
            dir.display(),
            mine.display(),
            link.display(),
            private.display()
        );
        app.inside.sh(&make).ok();
        for (kind, path) in [
            ("socket", none),
            ("pipe", none),
            ("fifo", none),
            ("deleted", none),
            ("memory", none),
            ("link", link),
            ("file", private),
            ("file", &dir.join("own.txt")),
            ("file", &secret),
            ("path", Path::new("/proc/self/status")),
            ("file", Path::new("/proc/self/maps")),
            ("file", Path::new("/dev/null")),
            ("path", Path::new("/proc/self/root")),
        ] {
            let said = app.opened(method, kind, path);
            assert!(
                said.contains("response 2"),
                "{method} {kind} {path:?}: {said}"
            );
            assert_eq!(cli::json(["answer"]).as_array().map(Vec::len), Some(0));
        }
        // It was not for their number.
        let opening = app.open(method, "file", &mine);
        answer(&prompt(), "no");
        assert!(ended(&opening).contains("response 1"));
        nothing_was_started(&app);
    }
}

#[test]
fn what_was_taken_back_is_not_opened_by_a_descriptor_that_was_kept() {
    let session = Session::begin();
    let app = App::start(&session);
    let file = write(&session.fresh_dir("taken").join("taken.txt"), b"taken\n");
    app.add(&file, &[]);
    let opening = app.open_later(&file);
    oz(["remove", app.inside.id()]).arg(&file).run().ok();
    app.inside.sh("touch /tmp/go").ok();
    assert!(
        ended(&opening).contains("response 2"),
        "{}",
        opening.text_so_far()
    );
    nothing_was_started(&app);
}

#[test]
fn what_takes_a_files_place_while_the_person_is_asked_is_not_opened() {
    let session = Session::begin();
    let app = App::start(&session);
    let dir = session.fresh_dir("held");
    let file = write(&dir.join("letter.txt"), b"Dear all\n");
    let secret = write(&session.fresh_dir("other").join("secret.txt"), b"secret\n");
    app.add(&dir, &["--write"]);
    let opening = app.open("OpenFile+w", "file", &file);
    let asked = prompt();
    let swap = format!("ln -sf {} {}", secret.display(), file.display());
    app.inside.sh(&swap).ok();
    assert_eq!(fs::read_link(&file).expect("a link"), secret);
    answer(&asked, "yes");
    let said = ended(&opening);
    assert!(said.contains("response 2"), "{said}");
    if cli::is_running("mousepad") {
        assert!(held("mousepad", &secret).is_none());
    }
}

#[test]
fn a_folder_is_shown_by_the_hosts_file_manager_only_after_a_question() {
    let session = Session::begin();
    let app = App::start(&session);
    let manager = Run::new("python3", ["-c", MANAGER])
        .within(wait::LONG)
        .start();
    wait::for_condition("a file manager", || manager.text_so_far().contains("ready"));
    let dir = session.fresh_dir("held");
    let file = write(&dir.join("letter.txt"), b"Dear all\n");
    app.add(&file, &[]);
    for (word, response) in [("no", "response 1"), ("yes", "response 0")] {
        if word == "yes" {
            // Another one: the first was answered with no.
            app.add(&write(&dir.join("other.txt"), b"x\n"), &[]);
        }
        let name = if word == "yes" {
            "other.txt"
        } else {
            "letter.txt"
        };
        let opening = app.open("OpenDirectory", "file", &dir.join(name));
        let asked = prompt();
        assert!(asked.to_string().contains(name), "{asked}");
        assert_eq!(manager.text_so_far().trim(), "ready");
        answer(&asked, word);
        assert!(ended(&opening).contains(response));
    }
    let shown = format!("ShowItems file://{}/other.txt", dir.display());
    let said = manager.text_so_far();
    assert!(said.trim().ends_with(&shown), "{said}");
}

#[test]
fn an_app_with_the_internet_opens_a_file_right_after_a_key_without_a_question() -> Result<()> {
    let session = Session::begin();
    let app = App::start(&session);
    oz(["stop", app.inside.id()]).run().ok();
    session.forget("foot");
    let ran = oz(["run", "--detach", "--net", "internet", "foot"])
        .run()
        .ok();
    let file = write(&session.fresh_dir("held").join("letter.txt"), b"Dear all\n");
    oz(["add", &ran.text()])
        .args([&file, &app.script])
        .run()
        .ok();
    let window = session.window_within(wait::LONG, "foot", "")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    let open = format!(
        "python3 {} OpenFile file {}\n",
        app.script.display(),
        file.display()
    );
    session.type_text(&open)?;
    session.window_within(wait::LONG, "org.xfce.mousepad", "letter.txt")?;
    Ok(())
}
