//! Real apps, trained: they work under what was learned, and what they did not use is refused.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use oz_core::plan::Plan;
use oz_e2e::probe::{Probe, says};
use oz_e2e::session::{home, output_dir};
use oz_e2e::{Session, fixtures, oz, wait};
use oz_testkit::desktop::Window;

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

/// Does with it what people do, so that it is trained with more than its start.
fn drive(session: &Session, app: &App, window: &Window, file: &Path) {
    session.click_window(window).expect("clicked");
    match app.name {
        "gedit" | "mousepad" => {
            let before = std::fs::read(file).expect("there");
            session.type_text("more ").expect("typed");
            session.chord(&["ctrl", "s"]).expect("pressed");
            wait::for_condition("what was typed is saved", || {
                let now = std::fs::read(file).unwrap_or_default();
                now.len() > before.len() && now.windows(5).any(|part| part == b"more ")
            });
        }
        "evince" => session.chord(&["ctrl", "r"]).expect("pressed"),
        "mpv" => session.type_text("  ").expect("typed"),
        _ => session.type_text("ls /usr\n").expect("typed"),
    }
}

/// What a plan lets the app call and connect to.
fn lets(app: &App) -> (usize, Vec<String>) {
    let ran = oz(["plan", "--json", app.name]).run().ok();
    let plan: Plan = serde_json::from_slice(&ran.out).expect("a plan");
    let calls = plan.syscalls.allow.len() + plan.syscalls.conditional.len();
    let sockets = plan.listeners.iter();
    let sockets = sockets.map(|listener| format!("{:?}", listener.service).to_lowercase());
    (calls, sockets.collect())
}

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
            found.unwrap_or_else(|error| panic!("{}: {error}", app.name))
        };
        let (calls, sockets) = lets(app);
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
        drive(&session, app, &window(), Path::new(&file));
        oz(["stop", "--all"]).run().ok();
        let _ = running.end_within(wait::LONG);
        let shown = pupil.shown();
        let taken = keys(&shown, false);
        assert!(!taken.contains(&"display.enabled".to_owned()), "{shown}");
        assert!(taken.contains(&"syscalls.deny".to_owned()), "{shown}");
        // What it was given is not asked for.
        let gives = keys(&shown, true);
        assert!(gives.iter().all(|key| !key.contains("learned")), "{shown}");
        oz(["learn", "--save", app.name, "--yes"]).run().ok();
        let (calls_after, sockets_after) = lets(app);
        assert!(calls_after < calls, "{calls_after} of {calls} calls");
        let profile = home().join(format!(".config/oz/profiles/{}.json", app.name));
        let size = std::fs::metadata(profile).expect("saved").len();
        let _ = writeln!(
            table,
            "| {} | {calls} | {calls_after} | {} | {} | {size} | {} |",
            app.name,
            sockets.join(", "),
            sockets_after.join(", "),
            taken.join(", "),
        );
        oz(["run", "--detach"]).args(&words).run().ok();
        drive(&session, app, &window(), Path::new(&file));
        says(&attempt(), "refused EPERM");
        oz(["stop", "--all"]).run().ok();
        wait::for_condition("no window", || {
            session.windows().is_ok_and(|windows| windows.is_empty())
        });
    }
    std::fs::write(output_dir().join("learned.txt"), table).expect("written");
}
