//! What must not answer a question.

use oz_e2e::{Run, Session, wait};

use super::service::Service;
use super::{answer, microphone, prompt_shown, recording, that_asks};

#[test]
fn the_app_cannot_answer_its_own_question() {
    let _session = Session::begin();
    let _service = Service::start(&[]);
    let inside = that_asks();
    let heard = recording(&inside).start();
    let prompt = prompt_shown("notification");
    let id = prompt["prompt"].as_str().expect("an id");
    // A moment in which an answer would begin to count.
    wait::pause(std::time::Duration::from_secs(1));
    let script = format!(
        "gdbus call --session --dest org.oz.Oz1 --object-path /org/oz/Oz1 \
         --method org.oz.Prompts1.AnswerByCommand {id} true"
    );
    inside.sh(&script).refused_inside();
    assert_eq!(microphone(&inside), "ask");
    Run::sh(&script).run().ok();
    heard.end_within(wait::LONG).ok();
}

#[test]
fn who_does_not_show_a_question_cannot_answer_as_if_it_did() {
    let _session = Session::begin();
    let service = Service::start(&[]);
    let inside = that_asks();
    let heard = recording(&inside).start();
    let prompt = prompt_shown("notification");
    let id = prompt["prompt"].as_str().expect("an id");
    wait::pause(std::time::Duration::from_secs(1));
    let call = "gdbus call --session --dest org.oz.Oz1 --object-path /org/oz/Oz1 \
                --method org.oz.Prompts1.Answer";
    let ran = Run::sh(&format!("{call} {id} true")).run().fails();
    assert!(ran.complaint().contains("org.oz.Error.Refused"), "{ran}");
    // Nor does a signal that is not from the service.
    let number = service.notification()["id"]["data"].to_string();
    Run::sh(&format!(
        "gdbus emit --session --object-path /org/freedesktop/Notifications \
         --signal org.freedesktop.Notifications.ActionInvoked {number} allow"
    ))
    .run()
    .ok();
    wait::pause(std::time::Duration::from_secs(1));
    assert_eq!(microphone(&inside), "ask");
    answer(&prompt, "no");
    heard.end_within(wait::LONG).fails();
}
