//! What the extension knows of the daemon, and does, without the shell.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use oz_e2e::processes::{daemon, kill_daemon};
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};
use serde_json::{Value, json};

use super::bar::{HOSTILE, HOSTILE_SHOWN, Outcome};

/// What it is made of, and what drives it.
const MODULES: [(&str, &str); 3] = [
    ("bus.js", include_str!("../../../gnome-extension/bus.js")),
    ("said.js", include_str!("../../../gnome-extension/said.js")),
    ("client.js", include_str!("client.js")),
];

struct Client(Started);

impl Client {
    fn start(session: &Session) -> Self {
        let directory = session.fresh_dir("client");
        for (name, text) in MODULES {
            fs::write(directory.join(name), text).expect("a module can be written");
        }
        let run = Run::new("gjs", ["-m"]).arg(directory.join("client.js"));
        Self(run.stdin("").start())
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.0.text_so_far();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines().map(serde_json::from_str);
        lines
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    /// What it knows now of each sandbox.
    fn all(&self) -> Value {
        let mut lines = self.lines();
        lines.retain(|line| line.get("all").is_some());
        lines.pop().map_or(Value::Null, |last| last["all"].clone())
    }

    #[track_caller]
    fn wait_for(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let start = std::time::Instant::now();
        while !holds(&self.all()) {
            assert!(
                start.elapsed() < wait::PATIENCE,
                "never {what}: {}; {}",
                self.0.text_so_far(),
                self.0.complaint_so_far()
            );
            wait::pause(std::time::Duration::from_millis(40));
        }
    }

    /// Has it do something, and says how that ended.
    fn ask(&mut self, command: &Value) -> Result<Value> {
        let answers = |lines: Vec<Value>| {
            let mut lines = lines;
            lines.retain(|line| line.get("all").is_none());
            lines
        };
        let before = answers(self.lines()).len();
        let input = self.0.child.stdin.as_mut().context("it reads")?;
        writeln!(input, "{command}")?;
        Ok(wait::until("its answer", || {
            answers(self.lines()).into_iter().nth(before)
        }))
    }
}

#[test]
fn the_client_follows_the_daemon_and_does_not_start_it() -> Outcome {
    let session = Session::begin();
    let file = session.fresh_dir("given").join(HOSTILE);
    fs::write(&file, "x")?;
    kill_daemon();
    let mut client = Client::start(&session);
    client.wait_for("that nothing is there", |all| *all == json!({}));
    let nobody = json!(["setMicrophone", "/org/oz/Oz1/sandbox/sleep", "on"]);
    ensure!(client.ask(&nobody)?["failed"].is_string());
    ensure!(daemon().is_none(), "it has started the daemon");

    let sandbox = Inside::idle("media");
    let id = sandbox.id();
    client.wait_for("that it runs", |all| all[id]["microphone"] == "off");
    let path = client.all()[id]["path"]
        .as_str()
        .context("a path")?
        .to_owned();
    ensure!(client.all()[id]["stranger"] == false);
    ensure!(
        client.all()[id]["colour"]
            .as_str()
            .is_some_and(|colour| colour.starts_with('#'))
    );
    ensure!(client.all()[id]["display"] == 0, "it has no window");

    oz(["mic", id, "on"]).run().ok();
    client.wait_for("that it may listen", |all| all[id]["microphone"] == "on");
    let off = client.ask(&json!(["setMicrophone", path, "off"]))?;
    ensure!(off["done"] == "setMicrophone", "{off}");
    client.wait_for("that it may not", |all| all[id]["microphone"] == "off");
    ensure!(cli::json(["ps"])[0]["microphone"]["state"] == "off");
    let odd = client.ask(&json!(["setMicrophone", path, "loud"]))?;
    ensure!(
        odd["failed"]
            .as_str()
            .is_some_and(|words| words.contains("no state of a microphone")),
        "{odd}"
    );

    oz(["add", id]).arg(&file).run().ok();
    client.wait_for("that it has a file", |all| {
        all[id]["files"] == json!([HOSTILE_SHOWN])
    });
    ensure!(client.ask(&json!(["removeFile", path, 0]))?["done"] == "removeFile");
    client.wait_for("that it is taken back", |all| all[id]["files"] == json!([]));

    kill_daemon();
    client.wait_for("that nobody says anything", |all| *all == json!({}));
    ensure!(cli::running() == [id], "the next daemon has it");
    client.wait_for("that it is there again", |all| {
        all[id]["microphone"] == "off"
    });
    ensure!(client.ask(&json!(["stop", path]))?["done"] == "stop");
    client.wait_for("that it has ended", |all| *all == json!({}));

    let ended = client.0.end_within(wait::PATIENCE).ok();
    ensure!(ended.complaint().is_empty(), "{ended}");
    Ok(())
}
