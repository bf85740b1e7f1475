//! Yes, no, nobody, and not any more.

use std::time::Duration;

use oz_e2e::fixtures::write;
use oz_e2e::terminal::Terminal;
use oz_e2e::{Inside, Session, oz, wait};

use super::service::Service;
use super::{answer, microphone, nothing_waits, prompt_shown, recording, that_asks};

#[test]
fn a_button_of_the_notification_allows_the_microphone() {
    let _session = Session::begin();
    let service = Service::start(&[]);
    let inside = that_asks();
    let heard = recording(&inside).start();
    let prompt = prompt_shown("notification");
    assert_eq!(prompt["sandbox"], inside.id());
    assert_eq!(prompt["kind"], "microphone");
    let notification = service.notification();
    assert_eq!(notification["summary"]["data"], prompt["title"]);
    // A moment to read: an answer that comes sooner brings the question back.
    wait::pause(Duration::from_secs(1));
    service.press(&notification, "allow");
    heard.end_within(wait::LONG).ok();
    assert_eq!(microphone(&inside), "on");
    service.wait_for_none();
    nothing_waits();
    // It is not asked again.
    recording(&inside).run().ok();
    assert_eq!(service.list().len(), 0);
}

#[test]
fn a_button_of_the_notification_denies_it() {
    let _session = Session::begin();
    let service = Service::start(&[]);
    let inside = that_asks();
    let heard = recording(&inside).start();
    prompt_shown("notification");
    let notification = service.notification();
    wait::pause(Duration::from_secs(1));
    service.press(&notification, "deny");
    heard.end_within(wait::LONG).fails();
    assert_eq!(microphone(&inside), "off");
    recording(&inside).run().fails();
    assert_eq!(service.list().len(), 0);
    // Who turns asking on again is asked again.
    oz(["mic", inside.id(), "ask"]).run().ok();
    let heard = recording(&inside).start();
    let prompt = prompt_shown("notification");
    answer(&prompt, "yes");
    heard.end_within(wait::LONG).ok();
}

#[test]
fn oz_answer_says_yes_or_no() {
    let _session = Session::begin();
    let service = Service::start(&[]);
    for (word, state) in [("yes", "on"), ("no", "off")] {
        let inside = that_asks();
        let heard = recording(&inside).start();
        let prompt = prompt_shown("notification");
        let id = prompt["prompt"].as_str().expect("an id");
        let list = oz(["answer"]).run().ok().text();
        assert!(
            list.contains(prompt["title"].as_str().expect("text")),
            "{list}"
        );
        assert!(list.contains(&format!("oz answer {id} yes|no")), "{list}");
        oz(["answer", id, "maybe"]).run().exits(2);
        oz(["answer", id]).run().exits(2);
        answer(&prompt, word);
        let ran = heard.end_within(wait::LONG);
        assert_eq!(ran.code == 0, word == "yes", "{ran}");
        assert_eq!(microphone(&inside), state);
        service.wait_for_none();
        let late = oz(["answer", id, "yes"]).run().exits(1);
        assert!(late.complaint().contains(id), "{late}");
        oz(["stop", inside.id()]).run().ok();
    }
}

#[test]
fn the_terminal_of_an_app_names_its_question() {
    let session = Session::begin();
    let _service = Service::start(&[]);
    let _profile = session.profile(
        "asking",
        r#"{ "description": "asks", "audio": { "microphone": "ask" } }"#,
    );
    let terminal = Terminal::open("asking");
    let script = "parec --latency-msec=50 | head -c 20000 | wc -c; sleep 1; echo the-end";
    terminal.line(&format!(
        "clear; oz run --profile asking -- sh -c '{script}'"
    ));
    let prompt = prompt_shown("notification");
    let id = prompt["prompt"].as_str().expect("an id");
    wait::for_condition("the question in the terminal", || {
        let screen = terminal.screen();
        screen.contains(&format!("oz answer {id} yes|no")) && screen.contains("microphone?")
    });
    answer(&prompt, "yes");
    terminal.wait_for_line("20000");
    terminal.wait_for_line("the-end");
}

#[test]
fn without_anybody_to_ask_the_answer_is_no() {
    let _session = Session::begin();
    let inside = that_asks();
    recording(&inside).run().fails();
    assert_eq!(microphone(&inside), "off");
    // Neither is a service any use that has no buttons.
    let service = Service::start(&["--actions=0"]);
    let inside = that_asks();
    recording(&inside).run().fails();
    assert_eq!(microphone(&inside), "off");
    // That it was refused may be said; nothing is asked.
    let shown = service.list();
    let asks = |one: &serde_json::Value| one.to_string().contains("use the microphone?");
    assert!(!shown.iter().any(asks), "{shown:?}");
}

#[test]
fn a_question_goes_with_its_sandbox_or_when_it_is_decided_otherwise() {
    let _session = Session::begin();
    let service = Service::start(&[]);
    let inside = that_asks();
    let _heard = recording(&inside).start();
    prompt_shown("notification");
    oz(["stop", inside.id()]).run().ok();
    nothing_waits();
    service.wait_for_none();

    let inside = that_asks();
    let heard = recording(&inside).start();
    prompt_shown("notification");
    oz(["mic", inside.id(), "on"]).run().ok();
    heard.end_within(wait::LONG).ok();
    nothing_waits();
    service.wait_for_none();
}

#[test]
fn the_person_reads_the_name_of_the_app_and_which_of_two_it_is() {
    let session = Session::begin();
    let _profile = session.profile(
        "asking",
        r#"{ "description": "t", "extends": "generic", "audio": { "microphone": "ask" },
             "match": { "desktop": ["org.example.asking"], "executables": ["asking"] } }"#,
    );
    let entry = "[Desktop Entry]\nType=Application\nName=Voice Notes\nExec=asking\n";
    let entries = session.home().join(".local/share/applications");
    let entry = write(
        &entries.join("org.example.asking.desktop"),
        entry.as_bytes(),
    );
    let service = Service::start(&[]);
    let start = |more: &[&str]| {
        let run = ["--profile", "asking", "--", "sleep", "1000"];
        Inside::start(&[more, &run].concat())
    };
    for (inside, name) in [
        (start(&[]), "Voice Notes"),
        (start(&["--ephemeral"]), "Voice Notes (asking-2)"),
    ] {
        let heard = recording(&inside).start();
        let prompt = prompt_shown("notification");
        let title = format!("Let “{name}” use the microphone?");
        assert_eq!(prompt["title"], title.as_str());
        assert_eq!(prompt["sandbox"], inside.id());
        assert_eq!(service.notification()["summary"]["data"], title.as_str());
        answer(&prompt, "no");
        heard.end_within(wait::LONG).fails();
    }
    std::fs::remove_file(entry).expect("removed");
}
