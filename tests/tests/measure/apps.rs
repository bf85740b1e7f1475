//! Real apps, trained: they work under what was learned, and what they did not use is refused.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use oz_e2e::probe::{Probe, says};
use oz_e2e::session::output_dir;
use oz_e2e::{Session, fixtures, oz, wait};

use crate::learn::{Pupil, keys};

const COLOUR: fixtures::Colour = [30, 120, 60];

/// An app, a file for it, and what its window is called.
struct App {
    name: &'static str,
    file: fn(&Path) -> PathBuf,
    title: &'static str,
}

const APPS: &[App] = &[
    App {
        name: "gedit",
        file: |dir| fixtures::write(&dir.join("text.txt"), b"words\n"),
        title: "text.txt",
    },
    App {
        name: "mousepad",
        file: |dir| fixtures::write(&dir.join("notes.txt"), b"words\n"),
        title: "notes.txt",
    },
    App {
        name: "evince",
        file: |dir| fixtures::pdf(&dir.join("paper.pdf"), "paper", COLOUR),
        title: "paper",
    },
    App {
        name: "mpv",
        file: |dir| fixtures::video(&dir.join("film.mkv"), 60, COLOUR),
        title: "film",
    },
    App {
        name: "foot",
        file: |dir| fixtures::write(&dir.join("unused"), b""),
        title: "foot",
    },
];

#[test]
fn five_apps_work_under_what_was_learned_and_what_they_did_not_use_is_refused() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let dir = session.fresh_dir("learned");
    let mut table = String::new();
    for app in APPS {
        let pupil = Pupil::new(&session, app.name);
        let file = (app.file)(&dir).display().to_string();
        let words: Vec<&str> = match app.name {
            "foot" => vec![app.name],
            _ => vec![app.name, &file],
        };
        let window = || {
            let fits = |title: &str| title.contains(app.title);
            let found = session.wait_for_window(wait::LONG, |w| fits(&w.title));
            found.unwrap_or_else(|error| panic!("{}: {error}", app.name));
        };
        // shmget
        let attempt = || {
            oz(["run", "--ephemeral", "--profile", app.name, "--read"])
                .arg(probe.dir())
                .arg("--")
                .arg(probe.path())
                .args(["syscall", "29", "0", "4096", "0x3ff"])
                .run()
        };
        says(&attempt(), "ok");
        let running = oz(["learn"]).args(&words).start();
        window();
        oz(["stop", "--all"]).run().ok();
        let _ = running.end_within(wait::LONG);
        let shown = pupil.shown();
        let taken = keys(&shown, false);
        assert!(!taken.contains(&"display.enabled".to_owned()), "{shown}");
        assert!(taken.contains(&"syscalls.deny".to_owned()), "{shown}");
        // What it was given is not asked for.
        let gives = keys(&shown, true);
        assert!(gives.iter().all(|key| !key.contains("learned")), "{shown}");
        let _ = writeln!(
            table,
            "{}: takes {taken:?} gives {gives:?} {}",
            app.name, shown["remarks"]
        );

        oz(["learn", "--save", app.name, "--yes"]).run().ok();
        oz(["run", "--detach"]).args(&words).run().ok();
        window();
        says(&attempt(), "refused EPERM");
        oz(["stop", "--all"]).run().ok();
        wait::for_condition("no window", || {
            session.windows().is_ok_and(|windows| windows.is_empty())
        });
    }
    std::fs::write(output_dir().join("learned.txt"), table).expect("written");
}
