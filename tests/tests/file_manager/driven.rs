//! What every file manager shares, driven by a program that does what one does.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Result, ensure};
use oz_e2e::cli::{self, oz};
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Session, wait};
use serde_json::Value;

const DRIVE: &str = include_str!("drive.py");

/// The program; it ends with its input.
struct Driver {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Driver {
    fn start(session: &Session) -> Result<Self> {
        Self::start_in(session, "C.UTF-8")
    }

    fn start_in(session: &Session, language: &str) -> Result<Self> {
        let script = write(
            &session.fresh_dir("driver").join("drive.py"),
            DRIVE.as_bytes(),
        );
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(crate::share().join("oz/file-manager"))
            .env("LANG", language)
            .env_remove("LC_ALL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            child,
            input,
            output: BufReader::new(output.expect("piped")),
        })
    }

    fn ask(&mut self, words: &[&str]) -> Value {
        let input = self.input.as_mut().expect("not closed");
        writeln!(input, "{}", words.join("\t")).expect("it listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    }

    fn menu(&mut self, path: &Path, kind: &str) -> String {
        self.ask(&["menu", &path.to_string_lossy(), kind])
            .to_string()
    }

    fn choose(&mut self, path: &Path, kind: &str, labels: &[&str]) {
        let path = path.to_string_lossy();
        let words = [&["choose", &path, kind], labels].concat();
        assert_eq!(self.ask(&words), Value::Null, "{labels:?}");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

#[test]
fn a_file_is_opened_in_a_sandbox_and_others_are_added_while_it_runs() -> Result<()> {
    let session = Session::begin();
    let mut driver = Driver::start(&session)?;
    let dir = session.fresh_dir("chosen");
    let text = write(&dir.join("doc.txt"), b"x\n");
    let more = write(&dir.join("more ; $(rm -rf x).txt"), b"more\n");
    let written = write(&dir.join("written.txt"), b"written\n");
    wait::for_condition("the apps to be known", || {
        driver.menu(&text, "text/plain").contains("gedit")
    });
    // Those that open it come first, the others below one row; nothing runs, so nothing is added.
    let menu = driver.ask(&["menu", &text.to_string_lossy(), "text/plain"]);
    let first = menu[0][1].to_string();
    ensure!(
        menu[0][0] == "Open in Sandbox…" && menu[1].is_null(),
        "{menu}"
    );
    let before_others = first.split("Other App").next().unwrap_or_default();
    ensure!(before_others.contains("gedit"), "{menu}");
    ensure!(
        !before_others.contains("mpv") && first.contains("mpv"),
        "{menu}"
    );

    driver.choose(&text, "text/plain", &["Open in Sandbox…", "gedit"]);
    session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    let id = cli::running()[0].clone();
    let inside = Inside::of(&id);
    ensure!(inside.holds(&format!(
        "grep -q x {} && ! test -e '{}'",
        text.display(),
        more.display()
    )));

    // It is offered as soon as it runs, without anybody asking the daemon while the menu is built.
    wait::for_condition("it to be offered", || {
        driver
            .menu(&more, "text/plain")
            .contains(&format!("{id}, writable"))
    });
    let (reads, writes) = (format!("{id}, read only"), format!("{id}, writable"));
    driver.choose(&more, "text/plain", &["Add to Running Sandbox…", &reads]);
    driver.choose(
        &written,
        "text/plain",
        &["Add to Running Sandbox…", &writes],
    );
    inside.wait_for(&format!(
        "grep -q more '{0}' && ! sh -c 'echo y >> \"$0\"' '{0}'",
        more.display()
    ));
    inside.wait_for(&format!("echo y >> {}", written.display()));

    // What is refused is told, and what ended is not offered any more.
    let keys = write(&session.home().join(".ssh/id"), b"key\n");
    driver.choose(&keys, "text/plain", &["Add to Running Sandbox…", &writes]);
    wait::for_condition("the refusal", || {
        driver.ask(&["told"]).to_string().contains(".ssh")
    });
    oz(["stop", "--all"]).run().ok();
    wait::for_condition("nothing to be offered", || {
        !driver.menu(&more, "text/plain").contains("Add to")
    });
    std::fs::remove_dir_all(session.home().join(".ssh"))?;
    Ok(())
}

#[test]
fn rows_speak_the_language_of_the_desktop() -> Result<()> {
    let session = Session::begin();
    let text = write(&session.fresh_dir("german").join("doc.txt"), b"x\n");
    let mut driver = Driver::start_in(&session, "de_DE.UTF-8")?;
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let both = [
        "Im Sandkasten öffnen …".to_owned(),
        format!("{}, nur lesen", inside.id()),
    ];
    wait::for_condition("both rows", || {
        let menu = driver.menu(&text, "text/plain");
        both.iter().all(|row| menu.contains(row))
    });
    Ok(())
}

#[test]
fn names_are_shown_plainly_and_what_is_no_file_here_has_no_menu() -> Result<()> {
    let session = Session::begin();
    let mut driver = Driver::start(&session)?;
    let shown = driver.ask(&["shown", r#""a\nb\u202etxt.exe\u001b[31m""#]);
    let shown = shown.as_str().unwrap_or_default();
    ensure!(!shown.contains(['\n', '\u{202e}', '\u{1b}']), "{shown:?}");
    let long = format!("\"{}\"", "x".repeat(5000));
    let shown = driver.ask(&["shown", &long]);
    ensure!(
        shown
            .as_str()
            .is_some_and(|text| text.chars().count() == 60)
    );
    driver.ask(&["add", "no-such-sandbox", "/etc/hostname"]);
    wait::for_condition("the refusal", || {
        driver
            .ask(&["told"])
            .to_string()
            .contains("does not run any more")
    });
    driver.ask(&["add", "no-such-sandbox", "/no/such/file"]);
    wait::for_condition("the refusal", || {
        driver
            .ask(&["told"])
            .to_string()
            .contains("cannot be opened")
    });
    Ok(())
}

#[test]
fn a_daemon_that_does_not_answer_holds_up_nobody() -> Result<()> {
    let session = Session::begin();
    let text = write(&session.fresh_dir("held").join("doc.txt"), b"x\n");
    let mut driver = Driver::start(&session)?;
    wait::for_condition("the apps to be known", || {
        driver.menu(&text, "text/plain").contains("gedit")
    });
    let daemon = oz_e2e::processes::daemon().expect("it runs");
    daemon.signal(rustix::process::Signal::STOP);
    driver.choose(&text, "text/plain", &["Open in Sandbox…", "gedit"]);
    let before = driver.ask(&["ticks"]).as_u64();
    wait::for_condition("its clock to go on", || {
        driver.ask(&["ticks"]).as_u64() > before.map(|ticks| ticks + 5)
    });
    let menu = driver.menu(&text, "text/plain");
    daemon.signal(rustix::process::Signal::CONT);
    ensure!(menu.contains("gedit"), "{menu}");
    session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    oz(["stop", "--all"]).run().ok();
    Ok(())
}
