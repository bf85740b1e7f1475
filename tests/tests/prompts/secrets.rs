//! Keys over a copy of the home, and a network: nothing runs before somebody has said yes to both.

use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Run, Session, oz, processes, wait};

use super::service::Service;
use super::{answer, nothing_waits, prompt_shown};

fn profile(rules: &str, network: &str) -> String {
    format!(
        r#"{{ "description": "t", "match": {{ "executables": ["cat"] }}, "network": {{ "mode": "{network}" }},
            "files": {{ "home": "copy-on-write", "rules": {{ {rules} }} }} }}"#
    )
}

fn read_key() -> Run {
    let command = ["run", "--profile", "keeper", "--", "cat"];
    oz(command).arg(home().join(".ssh/prompt-key"))
}

fn nothing_runs() {
    let all = processes::of_session();
    let cat = all.iter().find(|process| process.runs("cat"));
    assert_eq!(cat, None);
}

#[test]
fn keys_and_a_network_together_are_asked_about_before_anything_runs() {
    let session = Session::begin();
    let key = write(&home().join(".ssh/prompt-key"), b"secret");
    let both = r#""~/.ssh": "read""#;
    let kept = session.profile("keeper", &profile(both, "host"));

    // With nobody who could be asked it is refused.
    read_key().run().exits(125).complains("nobody has said yes");
    wait::for_condition("its end", || processes::inits().is_empty());

    let service = Service::start(&[]);
    let refused = read_key().start();
    let prompt = prompt_shown("notification");
    assert_eq!(prompt["kind"], "secrets");
    let body = prompt["body"].as_str().expect("text");
    assert!(body.contains("/.ssh"), "{prompt}");
    // Nor does one run that would join it meanwhile.
    let second = read_key().start();
    nothing_runs();
    answer(&prompt, "no");
    for ran in [refused, second] {
        ran.end_within(wait::LONG).exits(125).complains("/.ssh");
    }
    wait::for_condition("its end", || processes::inits().is_empty());

    let allowed = read_key().start();
    let prompt = prompt_shown("notification");
    nothing_runs();
    answer(&prompt, "yes");
    let ran = allowed.end_within(wait::LONG).ok();
    assert_eq!(ran.text(), "secret");
    nothing_waits();
    drop(kept);

    // Each alone asks nobody.
    let before = service.list().len();
    for (rules, network, sees) in [(both, "none", true), ("", "host", false)] {
        let _profile = session.profile("keeper", &profile(rules, network));
        assert_eq!(read_key().run().code == 0, sees, "{rules} {network}");
    }
    assert_eq!(service.list().len(), before);
    oz(["discard", "keeper", "--yes"]).run();
    std::fs::remove_file(key).expect("removed");
}
