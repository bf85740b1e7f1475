//! Ten sandboxes with everything that one can have, and the daemon is killed.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use oz_e2e::cli::json;
use oz_e2e::fixtures::write;
use oz_e2e::probe::{Probe, says};
use oz_e2e::processes::{self, kill_daemon};
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};
use serde_json::Value;

const SLEEP: [&str; 3] = ["--", "sleep", "1000"];

/// What a sandbox is said to be.
fn row(id: &str) -> Value {
    let list = json(["ps"]);
    let rows = list.as_array().expect("a list");
    let row = rows.iter().find(|row| row["id"] == id);
    row.unwrap_or_else(|| panic!("{id} is not listed: {list}"))
        .clone()
}

/// A program that waits, with the probe beside it.
fn waiting(probe: &Probe, more: &[&str]) -> Inside {
    let ran = oz(["run", "--detach", "--ephemeral", "--read"])
        .arg(probe.dir())
        .args(more)
        .args(SLEEP)
        .run()
        .ok();
    Inside::of(&ran.text())
}

fn inside(probe: &Probe, sandbox: &Inside, words: &[&str]) -> Run {
    Run::new("oz", ["shell", sandbox.id(), "--"])
        .arg(probe.path())
        .args(words)
}

/// Somebody on the host who answers in the name `host`.
fn server(probe: &Probe, place: &str) -> Started {
    let server = Run::new(probe.path(), ["serve", "tcp", place, "host"]).start();
    wait::for_condition("the server on the host", || {
        probe.outside(&["talk", "tcp", place]).code == 0
    });
    server
}

/// Saves a file as editors do: another file takes its name.
fn save(sandbox: &Inside, file: &Path, from: &str, to: &str) {
    let (dir, name) = (file.parent().expect("a directory"), file.file_name());
    let name = name.expect("a name").to_string_lossy();
    let script = format!("cd {} && sed -i s/{from}/{to}/ {name}", dir.display());
    sandbox.sh(&script).ok();
    let content = std::fs::read_to_string(file).expect("it is there");
    assert_eq!(content, format!("{to}\n"));
}

fn file(session: &Session, name: &str, content: &str) -> PathBuf {
    write(&session.fresh_dir(name).join("doc.txt"), content.as_bytes())
}

#[test]
fn ten_sandboxes_go_on_and_the_next_daemon_has_all_of_each() -> Result<()> {
    let session = Session::begin();
    let probe = Probe::install(&session);
    // Windows of three apps, one with a file that it may change.
    let (letter, table) = (
        file(&session, "letter", "old\n"),
        file(&session, "table", "x\n"),
    );
    let gedit = Inside::of(
        &oz(["run", "--detach", "gedit"])
            .arg(&letter)
            .run()
            .ok()
            .text(),
    );
    let mousepad = Inside::of(
        &oz(["run", "--detach", "mousepad"])
            .arg(&table)
            .run()
            .ok()
            .text(),
    );
    let demo = Inside::start(&["gtk4-demo"]);
    let windows = [
        session.wait_for_window(wait::LONG, |w| w.title.contains("letter"))?,
        session.wait_for_window(wait::LONG, |w| w.title.contains("table"))?,
        session.wait_for_window(wait::LONG, |w| w.title.contains("Demo"))?,
    ];
    // A directory, a file, a single file that is changed by its name.
    let (dir, shown) = (
        session.fresh_dir("shown-dir"),
        file(&session, "shown", "text\n"),
    );
    write(&dir.join("in.txt"), b"in");
    let changed = file(&session, "changed", "one\n");
    let reads = Inside::start(&SLEEP);
    oz(["add", reads.id()]).arg(&dir).arg(&shown).run().ok();
    let writes = Inside::start(&SLEEP);
    oz(["add", writes.id(), "--write"]).arg(&changed).run().ok();
    // A forward each way.
    let _server = server(&probe, "127.0.0.1:9170");
    let forwarded = waiting(&probe, &[]);
    oz(["forward", forwarded.id(), "in:tcp:9170"]).run().ok();
    // Toggles of sound, changed since the start.
    let sounds = Inside::start(&SLEEP);
    oz(["speaker", sounds.id(), "silent"]).run().ok();
    oz(["mic", sounds.id(), "silent"]).run().ok();
    // The network of the host, a home of which nothing is there, one with nothing special.
    let hosted = waiting(&probe, &["--net", "host"]);
    let homeless = Inside::start(&["--home", "none", "--", "sleep", "1000"]);
    let plain = Inside::start(&SLEEP);
    let all = [
        &gedit, &mousepad, &demo, &reads, &writes, &forwarded, &sounds, &hosted, &homeless, &plain,
    ];
    let mut ids: Vec<_> = all.iter().map(|one| one.id().to_owned()).collect();
    ids.sort();
    ensure!(cli::running() == ids, "{:?}", cli::running());

    for round in 0..2 {
        kill_daemon();
        for window in &windows {
            session.again(window)?;
        }
        ensure!(cli::running() == ids, "round {round}: {:?}", cli::running());
        for id in &ids {
            ensure!(row(id)["state"] == "running", "{}", row(id));
        }
        for window in &windows {
            session.again(window)?;
        }
    }

    // Files: what was given is still held, more can be given, and what is taken is gone.
    reads
        .sh(&format!("cat {}/in.txt {}", dir.display(), shown.display()))
        .ok();
    oz(["remove", reads.id()]).arg(&shown).run().ok();
    reads
        .sh(&format!("cat {}", shown.display()))
        .refused_inside();
    let later = file(&session, "later", "later\n");
    oz(["add", reads.id()]).arg(&later).run().ok();
    reads.sh(&format!("cat {}", later.display())).ok();
    save(&writes, &changed, "one", "two");
    oz(["remove", writes.id()]).arg(&changed).run().ok();
    writes
        .sh(&format!("cat {}", changed.display()))
        .refused_inside();
    oz(["add", writes.id(), "--write"]).arg(&changed).run().ok();
    save(&writes, &changed, "two", "three");
    save(&gedit, &letter, "old", "new");
    // Proxies: a window can be opened by who had none, and typed into.
    let _foot = plain.script("foot --title=opened-later sleep 1000").start();
    session.wait_for_window(wait::LONG, |w| w.title == "opened-later")?;
    // Forwards: the old one leads, another is opened, both are closed.
    let talk = |port: &str| inside(&probe, &forwarded, &["talk", "tcp", port]).run();
    says(&talk("127.0.0.1:9170"), "ok host heard hello");
    ensure!(row(forwarded.id())["forwards"].as_array().map(Vec::len) == Some(1));
    oz(["forward", forwarded.id(), "in:tcp:9171=9170"])
        .run()
        .ok();
    says(&talk("127.0.0.1:9171"), "ok host heard hello");
    oz(["unforward", forwarded.id(), "in:tcp:9170"]).run().ok();
    wait::for_condition("the forward to be closed", || {
        talk("127.0.0.1:9170").code != 0
    });
    // Toggles: as they were, and to be changed.
    let state = |of: &str| row(sounds.id())[of]["state"].as_str().map(str::to_owned);
    ensure!(
        state("speaker").as_deref() == Some("silent"),
        "{:?}",
        state("speaker")
    );
    ensure!(state("microphone").as_deref() == Some("silent"));
    oz(["speaker", sounds.id(), "on"]).run().ok();
    oz(["mic", sounds.id(), "off"]).run().ok();
    ensure!(state("speaker").as_deref() == Some("on"));
    ensure!(state("microphone").as_deref() == Some("off"));
    // The network of the host is still that, and nobody else's.
    says(
        &inside(&probe, &hosted, &["talk", "tcp", "127.0.0.1:9170"]).run(),
        "ok host",
    );
    says(
        &inside(&probe, &forwarded, &["talk", "tcp", "127.0.0.1:9170"]).run(),
        "refused",
    );
    ensure!(row(hosted.id())["network"] == "host");
    // Walls as before, by their own check.
    for one in [&hosted, &homeless, &reads] {
        oz(["check", one.id()]).run().ok();
    }
    oz(["stop", "--all"]).within(wait::LONG).run().ok();
    ensure!(cli::running().is_empty());
    session.wait_for_no_window(wait::PATIENCE, |_| true)?;
    ensure!(processes::inits().is_empty());
    Ok(())
}
