//! What sandboxes are refused, as people are told of it.

#[path = "../portals/app.rs"]
#[expect(dead_code, reason = "its app of a toolkit is not needed here")]
mod app;
#[path = "../prompts/service.rs"]
#[expect(dead_code, reason = "nothing is pressed here")]
mod service;

use anyhow::{Context, Result, ensure};
use app::{App, Script};
use oz_e2e::{Inside, Session, cli, oz, wait};
use serde_json::Value;
use service::Service;

const ATTACK: Script = Script("denied.py", include_str!("attack.py"));

/// What of a kind a sandbox was refused.
fn of_kind(id: &str, kind: &str) -> Vec<Value> {
    let list = cli::json(["denied", id]);
    let list = list.as_array().expect("a list").clone();
    list.into_iter().filter(|row| row["kind"] == kind).collect()
}

/// The one refusal of a kind, once it is there.
fn one(id: &str, kind: &str) -> Value {
    wait::until(kind, || of_kind(id, kind).first().cloned())
}

/// The notification of that summary.
fn notification(service: &Service, summary: &str) -> Option<Value> {
    let mut all = service.list().into_iter();
    all.find(|one| {
        one["summary"]["data"]
            .as_str()
            .is_some_and(|text| text.contains(summary))
    })
}

#[test]
fn a_microphone_that_is_off_is_listed_told_once_and_allowed_by_what_the_list_says() -> Result<()> {
    let session = Session::begin();
    let service = Service::start(&[]);
    let text = r#"{ "extends": "generic", "audio": { "microphone": "off" } }"#;
    let _profile = session.profile("listener", text);
    let inside = Inside::idle("listener");
    ensure!(cli::json(["denied", inside.id()]) == Value::Array(Vec::new()));
    inside.sh("timeout 20 parec > /tmp/heard").fails();
    let refused = one(inside.id(), "microphone");
    ensure!(
        refused["count"] == 1 && refused["subject"] == "",
        "{refused}"
    );
    wait::until("a notification", || notification(&service, "listener"));
    inside.sh("timeout 20 parec > /tmp/heard").fails();
    wait::for_condition("the second time", || {
        one(inside.id(), "microphone")["count"] == 2
    });
    // Nobody is told the same twice.
    ensure!(service.list().len() == 1, "{:?}", service.list());
    let allow = refused["allow"].as_str().context("a command")?;
    ensure!(allow == format!("oz mic {} on", inside.id()), "{allow}");
    oz(allow.split(' ').skip(1)).run().ok();
    inside
        .sh("timeout 20 parec | head -c 20000 | wc -c | grep -qx 20000")
        .ok();
    let said = oz(["denied", inside.id()]).run().ok().text();
    ensure!(said.contains("It wanted to hear the microphone."), "{said}");
    Ok(())
}

#[test]
fn a_portal_that_a_person_would_miss_is_listed_when_it_is_asked_for() -> Result<()> {
    let session = Session::begin();
    let app = App::run(&session, &ATTACK, &["screen"]);
    app.wait_for("refused");
    let refused = one(app.inside().id(), "portal");
    ensure!(refused["subject"] == "ScreenCast", "{refused}");
    ensure!(of_kind(app.inside().id(), "link").is_empty());
    ensure!(refused["allow"].is_null(), "{refused}");
    Ok(())
}

#[test]
fn an_app_that_has_no_end_of_refusals_fills_nothing_but_its_own_short_list() -> Result<()> {
    let session = Session::begin();
    let calm = Inside::start(&["--", "sleep", "1000"]);
    let app = App::run(&session, &ATTACK, &["flood"]);
    app.wait_for("done");
    let links = of_kind(app.inside().id(), "link");
    ensure!((1..=8).contains(&links.len()), "{links:?}");
    for link in &links {
        let subject = link["subject"].as_str().context("a text")?;
        let odd = |c: char| c.is_control() || "\u{202e}\u{2066}\"".contains(c);
        ensure!(
            subject.chars().count() <= 81 && !subject.contains(odd),
            "{subject:?}"
        );
    }
    // Everybody else goes on as if nothing had happened.
    ensure!(of_kind(calm.id(), "link").is_empty() && calm.is_running());
    ensure!(app.inside().is_running() && cli::running().len() == 2);
    Ok(())
}

#[test]
fn a_sandbox_that_is_killed_is_said_to_have_ended_and_one_that_is_stopped_is_not() -> Result<()> {
    let session = Session::begin();
    let service = Service::start(&[]);
    let _one = session.profile("stopped", r#"{ "extends": "generic" }"#);
    let _two = session.profile("killed", r#"{ "extends": "generic" }"#);
    let stopped = Inside::idle("stopped");
    let killed = Inside::idle("killed");
    oz(["stop", stopped.id()]).run().ok();
    let list = cli::json(["ps"]);
    let all = list.as_array().context("a list")?;
    let of_killed = all
        .iter()
        .find(|one| one["id"] == killed.id())
        .context("it runs")?;
    let pid = of_killed["pid"].as_u64().context("a number")?.to_string();
    oz_e2e::Run::new("kill", ["-9", &pid]).run().ok();
    wait::until("a notification", || notification(&service, "killed"));
    ensure!(notification(&service, "stopped").is_none());
    Ok(())
}
