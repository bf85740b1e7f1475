//! Clients of X that break every rule: what they break is their own X server's, at most.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use oz_e2e::{Inside, Run, Session, oz, typing, wait};
use oz_testkit::desktop::Window;

use super::attacks::Outside;
use super::clipboard::long_text;
use super::programs::{self, HOSTILE};
use super::shell::Shell;
use super::xterm;

/// A sandbox that has the program and a window of Wayland, and a window of another sandbox.
struct Scene<'a> {
    session: &'a Session,
    inside: Inside,
    program: PathBuf,
    beside: Window,
}

impl<'a> Scene<'a> {
    fn begin(session: &'a Session) -> Result<Self> {
        let dir = session.fresh_dir("x11-hostile");
        let program = programs::write(&dir, HOSTILE);
        let dir = dir.display().to_string();
        let wayland = ["--", "foot", "--title", "beside"];
        let inside = Inside::start(&[&["--ephemeral", "--read", &dir][..], &wayland].concat());
        let beside = session.wait_for_window(wait::LONG, |window| window.title == "beside")?;
        Ok(Self {
            session,
            inside,
            program,
            beside,
        })
    }

    /// Runs one of the attacks until it says that it has happened, or has ended its X server and so itself.
    fn attack(&self, what: &str) -> Result<oz_e2e::run::Started> {
        let run = self
            .inside
            .script(&format!("exec python3 {} {what}", self.program.display()));
        let mut run = run.start();
        wait::within(wait::LONG, what, || {
            (run.text_so_far().contains("ready") || !run.is_running()).then_some(())
        });
        Ok(run)
    }

    /// Its sandbox runs, its other window is there, and its X server serves others, perhaps a new one.
    fn goes_on(&self, what: &str) -> Result<()> {
        ensure!(self.inside.is_running(), "{what} ended the sandbox");
        self.session.again(&self.beside)?;
        self.inside.wait_for("timeout 10 xwininfo -root");
        let _eyes = self.inside.script("timeout 60 xeyes").start();
        let is_it = |window: &Window| window.title == "xeyes";
        let eyes = self.session.wait_for_window(wait::LONG, is_it)?;
        self.session.close(&eyes)?;
        self.session.wait_for_no_window(wait::LONG, is_it)?;
        Ok(())
    }
}

#[test]
fn windows_in_front_of_each_other_in_a_circle_end_nothing() -> Result<()> {
    let session = Session::begin();
    let scene = Scene::begin(&session)?;
    drop(scene.attack("circles")?);
    scene.goes_on("circles")
}

#[test]
fn nothing_that_a_client_of_x_says_of_its_windows_harms_more_than_them() -> Result<()> {
    let session = Session::begin();
    let scene = Scene::begin(&session)?;
    for what in ["properties", "flips", "lies"] {
        drop(scene.attack(what)?);
        scene.goes_on(what)?;
    }
    Ok(())
}

#[test]
fn who_grabs_all_there_is_grabs_it_in_its_own_sandbox() -> Result<()> {
    let session = Session::begin();
    let scene = Scene::begin(&session)?;
    // What one client of a server has grabbed no other can have.
    let outside = Outside::begin(&session);
    let program =
        |what: &str| format!("exec timeout 60 python3 {} {what}", scene.program.display());
    let tries = || outside.on(&program("tries")).within(wait::PATIENCE);
    ensure!(tries().run().ok().text() == "free");
    let there = outside.on(&program("grabs")).start();
    wait::for_condition("a grab", || there.text_so_far().contains("ready"));
    let tried = outside.on(&format!(
        "timeout 5 {}",
        program("tries").replace("exec ", "")
    ));
    ensure!(tried.run().text() != "free");
    // On an X server it is the one that windows are shown on.
    drop(there);
    wait::for_condition("the server", || tries().run().text() == "free");

    let run = scene.attack("grabs")?;
    ensure!(run.text_so_far().contains("ready"));
    let other = oz(["run", "--ephemeral", "--read"])
        .args(scene.program.parent())
        .args(["--", "python3"])
        .arg(&scene.program)
        .arg("tries");
    ensure!(other.run().ok().text() == "free");
    session.again(&scene.beside)?;
    let dir = session.fresh_dir("x11-ungrabbed");
    let (_other, window) = xterm(&session, &dir, "elsewhere", typing::SCRIPT)?;
    typing::arrives(&session, &dir, &window, "typed elsewhere")?;
    scene.inside.sh("pkill -f hostile.py");
    run.end_within(wait::PATIENCE);
    scene.goes_on("grabs")
}

#[test]
fn a_window_larger_than_a_picture_can_be_ends_its_x_server_at_most() -> Result<()> {
    let session = Session::begin();
    let scene = Scene::begin(&session)?;
    let run = scene
        .inside
        .script(&format!("exec python3 {} giants", scene.program.display()));
    run.within(wait::PATIENCE).run();
    scene.goes_on("giants")
}

#[test]
fn a_gigabyte_that_is_promised_and_never_comes_is_given_up() -> Result<()> {
    let session = Session::begin();
    session.copy("of the host")?;
    let shell = Shell::begin(&session, "x11-promises")?;
    programs::write(&shell.dir, HOSTILE);
    shell.types("python3 hostile.py promises > promised &")?;
    let read = if session.is_x11() {
        "xclip -selection clipboard -out"
    } else {
        "wl-paste --no-newline"
    };
    // The host has it when what it had is gone.
    wait::for_condition("the promise", || {
        Run::sh(&format!("timeout 1 {read}")).run().code == 124
    });
    let waiting = Run::sh(&format!("exec {read}")).start();
    // Others are served meanwhile.
    shell.types("printf later | xclip -selection clipboard")?;
    wait::for_condition("what was copied later", || {
        session
            .paste()
            .is_ok_and(|it| it.as_deref() == Some("later"))
    });
    let ended = waiting.end_within(wait::LONG);
    ensure!(ended.text().is_empty(), "{ended}");
    Ok(())
}

#[test]
fn who_takes_nothing_of_what_it_asks_for_keeps_others_from_nothing() -> Result<()> {
    let session = Session::begin();
    let text = long_text();
    session.copy(&text)?;
    let shell = Shell::begin(&session, "x11-abandons")?;
    programs::write(&shell.dir, HOSTILE);
    shell.types("python3 hostile.py abandons > abandoned &")?;
    wait::for_condition("the attack", || {
        std::fs::read(shell.dir.join("abandoned")).is_ok_and(|it| it == b"ready\n")
    });
    // The host's program writes to one reader after the other: to those who take nothing until they are given up.
    let said = wait::within(wait::LONG, "what was copied", || {
        let _ = std::fs::remove_file(shell.dir.join("done"));
        let read = "xclip -o -selection clipboard > said; echo > done";
        shell.types(read).ok()?;
        wait::within(wait::LONG, "an answer", || {
            shell.dir.join("done").exists().then_some(())
        });
        let said = std::fs::read_to_string(shell.dir.join("said")).ok()?;
        (!said.is_empty()).then_some(said)
    });
    ensure!(said == text, "{} bytes came in", said.len());
    // The window manager still is one: it hears of new windows.
    let eyes = oz(["shell", "xterm"]).stdin("exec xeyes\n").start();
    session.wait_for_window(wait::LONG, |window| window.title == "xeyes")?;
    drop(eyes);
    Ok(())
}
