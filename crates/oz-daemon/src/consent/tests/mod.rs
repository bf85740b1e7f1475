//! The room on a real bus, with prompters and notification services to talk to.

mod agent;
mod bus;
mod service;

use std::collections::HashMap;
use std::time::Duration;

use tokio_stream::StreamExt;
use zbus::{MatchRule, MessageStream, OwnedVariant};

use super::question::{Answer, Question, Refusal};
use crate::control;
use agent::Agent;
use bus::{House, answer, told, within};
use service::{Service, close, invoke};

const ANSWER: &str = "Answer";
const COMMAND: &str = "AnswerByCommand";
const TOO_SOON: &str = "org.oz.Error.TooSoon";
const REFUSED: &str = "org.oz.Error.Refused";
const NOT_FOUND: &str = "org.oz.Error.NotFound";
const BUTTONS: &[&str] = &["actions", "body", "body-markup"];
/// The person has waved the notification away.
const DISMISSED: u32 = 2;
/// The service has closed it by itself.
const EXPIRED: u32 = 1;

fn microphone() -> Question {
    Question::microphone(b"parec <b>\n")
}

/// Time for something to happen that must not.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn an_agent_shows_the_prompt_and_answers_it() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    for yes in [true, false] {
        let asked = house.ask("foot", microphone());
        let id = house.shown("agent").await;
        let card = agent.cards().pop().expect("shown");
        assert_eq!(
            (&card.id, card.sandbox.as_str(), card.profile.as_str()),
            (&id, "foot", "generic")
        );
        assert_eq!(card.kind, "microphone");
        let text = |name: &str| String::try_from(card.details[name].clone()).expect("text");
        assert_eq!(text("title"), "Let “The foot” use the microphone?");
        assert_eq!(text("name"), "The foot");
        assert_eq!(text("program"), "parec <b>");
        assert!(text("body").ends_with("“parec <b>”"));
        house.read_it();
        assert_eq!(answer(&agent.bus, &house, ANSWER, &id, yes).await, Ok(()));
        let expected = match yes {
            true => Answer::Yes,
            false => Answer::No(Refusal::Person),
        };
        assert_eq!(told(asked).await, expected);
        agent.withdrawn(&id).await;
        let again = answer(&agent.bus, &house, ANSWER, &id, true).await;
        assert_eq!(again, Err(NOT_FOUND.to_owned()));
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_soon_is_refused_and_the_prompt_stays() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let asked = house.ask("foot", microphone());
    let id = house.shown("agent").await;
    for _ in 0..20 {
        let early = answer(&agent.bus, &house, ANSWER, &id, true).await;
        assert_eq!(early, Err(TOO_SOON.to_owned()));
    }
    assert!(!asked.is_finished());
    house.read_it();
    assert_eq!(answer(&agent.bus, &house, ANSWER, &id, true).await, Ok(()));
    assert_eq!(told(asked).await, Answer::Yes);
}

#[tokio::test]
async fn who_does_not_show_a_prompt_cannot_answer_it() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let asked = house.ask("foot", microphone());
    let id = house.shown("agent").await;
    house.read_it();
    let stranger = house.connect().await;
    let refused = answer(&stranger, &house, ANSWER, &id, true).await;
    assert_eq!(refused, Err(REFUSED.to_owned()));
    assert!(!asked.is_finished());
    assert_eq!(answer(&agent.bus, &house, ANSWER, &id, false).await, Ok(()));
    assert_eq!(told(asked).await, Answer::No(Refusal::Person));
}

#[tokio::test]
async fn a_notification_asks_when_the_agent_dies_and_has_the_delay_anew() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let service = Service::start(&house, BUTTONS).await;
    let asked = house.ask("foot", microphone());
    house.shown("agent").await;
    house.read_it();
    agent.die().await;
    house.shown("notification").await;
    let shown = service.shown().pop().expect("shown");
    assert_eq!(shown.summary, "Let “The foot” use the microphone?");
    assert!(shown.body.ends_with("“parec &lt;b&gt;”"), "{}", shown.body);
    assert_eq!(shown.actions, ["deny", "Deny", "allow", "Allow"]);
    assert_eq!(shown.hints["urgency"], OwnedVariant::from(2_u8));
    invoke(&service.bus, None, 1, "allow").await;
    a_moment().await;
    assert!(!asked.is_finished());
    house.read_it();
    invoke(&service.bus, None, 1, "allow").await;
    assert_eq!(told(asked).await, Answer::Yes);
    service.closed(1).await;
}

#[tokio::test]
async fn an_agent_that_gives_its_name_away_is_not_believed_any_more() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let service = Service::start(&house, BUTTONS).await;
    let asked = house.ask("foot", microphone());
    let id = house.shown("agent").await;
    agent.resign().await;
    house.shown("notification").await;
    agent.withdrawn(&id).await;
    house.read_it();
    let late = answer(&agent.bus, &house, ANSWER, &id, true).await;
    assert_eq!(late, Err(REFUSED.to_owned()));
    invoke(&service.bus, None, 1, "deny").await;
    assert_eq!(told(asked).await, Answer::No(Refusal::Person));
}

#[tokio::test]
async fn without_anybody_to_ask_the_answer_is_no_at_once() {
    let house = House::new().await;
    let asked = house.ask("foot", microphone());
    assert_eq!(told(asked).await, Answer::No(Refusal::Nobody));
    let _agent = Agent::that_refuses(&house).await;
    let asked = house.ask("foot", microphone());
    assert_eq!(told(asked).await, Answer::No(Refusal::Nobody));
    // A notification without buttons asks nothing.
    let service = Service::start(&house, &["body", "body-markup"]).await;
    let asked = house.ask("foot", microphone());
    assert_eq!(told(asked).await, Answer::No(Refusal::Nobody));
    assert_eq!(service.shown().len(), 0);
    house.quiet().await;
}

#[tokio::test]
async fn a_notification_is_answered_only_by_its_service() {
    let house = House::new().await;
    let service = Service::start(&house, BUTTONS).await;
    let asked = house.ask("foot", microphone());
    house.shown("notification").await;
    house.read_it();
    let stranger = house.connect().await;
    invoke(&stranger, None, 1, "allow").await;
    invoke(&stranger, Some(&house.daemon), 1, "allow").await;
    // Neither another notification's button nor one that we did not offer.
    invoke(&service.bus, None, 2, "allow").await;
    invoke(&service.bus, None, 1, "default").await;
    a_moment().await;
    assert!(!asked.is_finished());
    // The service itself is heard, whichever way it speaks.
    invoke(&service.bus, Some(&house.daemon), 1, "allow").await;
    assert_eq!(told(asked).await, Answer::Yes);
}

#[tokio::test]
async fn a_notification_that_closes_too_soon_is_shown_again() {
    let house = House::new().await;
    let service = Service::start(&house, BUTTONS).await;
    let asked = house.ask("foot", microphone());
    house.shown("notification").await;
    invoke(&service.bus, None, 1, "allow").await;
    close(&service.bus, 1, DISMISSED).await;
    service.count(2).await;
    house.shown("notification").await;
    close(&service.bus, 2, DISMISSED).await;
    service.count(3).await;
    house.shown("notification").await;
    house.read_it();
    invoke(&service.bus, None, 3, "allow").await;
    close(&service.bus, 3, DISMISSED).await;
    assert_eq!(told(asked).await, Answer::Yes);
}

#[tokio::test]
async fn a_notification_waved_away_is_no_and_one_that_expired_was_not_answered() {
    for (reason, refusal) in [(DISMISSED, Refusal::Person), (EXPIRED, Refusal::Silence)] {
        let house = House::new().await;
        let service = Service::start(&house, BUTTONS).await;
        let asked = house.ask("foot", microphone());
        house.shown("notification").await;
        house.read_it();
        close(&service.bus, 1, reason).await;
        assert_eq!(told(asked).await, Answer::No(refusal));
    }
}

#[tokio::test]
async fn markup_is_escaped_only_for_a_service_that_reads_it() {
    let house = House::new().await;
    let service = Service::start(&house, &["actions", "body"]).await;
    let asked = house.ask("foot", microphone());
    house.shown("notification").await;
    assert!(service.shown()[0].body.ends_with("“parec <b>”"));
    asked.abort();
}

#[tokio::test]
async fn a_prompt_goes_when_nobody_waits_for_its_answer_or_its_sandbox_ends() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let asked = house.ask("foot", microphone());
    let id = house.shown("agent").await;
    asked.abort();
    agent.withdrawn(&id).await;
    house.quiet().await;

    let asked = house.ask("foot", microphone());
    let id = house.shown("agent").await;
    house.consent.ended(&"foot".parse().expect("a name"));
    agent.withdrawn(&id).await;
    assert_eq!(told(asked).await, Answer::No(Refusal::Ended));

    agent.die().await;
    let service = Service::start(&house, BUTTONS).await;
    let asked = house.ask("foot", microphone());
    house.shown("notification").await;
    asked.abort();
    service.closed(1).await;
}

#[tokio::test]
async fn two_that_ask_the_same_share_a_prompt() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let first = house.ask("foot", microphone());
    let id = house.shown("agent").await;
    let second = house.ask("foot", Question::microphone(b"arecord"));
    house.read_it();
    assert_eq!(answer(&agent.bus, &house, ANSWER, &id, true).await, Ok(()));
    assert_eq!(told(first).await, Answer::Yes);
    assert_eq!(told(second).await, Answer::Yes);
    assert_eq!(agent.cards().len(), 1);
}

#[tokio::test]
async fn a_command_sees_what_waits_and_answers_it() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let person = house.connect().await;
    let daemon = house.daemon.unique_name().expect("a name").as_str();
    let properties = "org.freedesktop.DBus.Properties";
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(daemon)
        .interface(properties)
        .member("PropertiesChanged")
        .build()
        .expect("a rule");
    let changes = MessageStream::for_match_rule(rule, &person, None).await;
    let mut changes = changes.expect("a stream");
    for yes in [true, false] {
        let asked = house.ask("foot", microphone());
        let id = house.shown("agent").await;
        let change = within("a change", changes.next()).await.expect("one");
        let change = change.expect("a message");
        let body = change.body();
        let (interface, ..): (&str, HashMap<&str, OwnedVariant>, Vec<&str>) =
            body.deserialize().expect("the change");
        assert_eq!(interface, "org.oz.Prompts1");
        let call = person.call_method(
            Some(daemon),
            control::ROOT,
            Some(properties),
            "Get",
            &("org.oz.Prompts1", "Prompts"),
        );
        let reply = within("the list", call).await.expect("answered");
        let list: OwnedVariant = reply.body().deserialize().expect("a value");
        let list: Vec<HashMap<String, OwnedVariant>> = list.try_into().expect("a list");
        assert_eq!(list.len(), 1);
        let text = |name: &str| String::try_from(list[0][name].clone()).expect("text");
        assert_eq!((text("id"), text("sandbox")), (id.clone(), "foot".into()));
        assert_eq!(
            (text("kind"), text("shown")),
            ("microphone".into(), "agent".into())
        );
        house.read_it();
        assert_eq!(answer(&person, &house, COMMAND, &id, yes).await, Ok(()));
        let expected = if yes {
            Answer::Yes
        } else {
            Answer::No(Refusal::Person)
        };
        assert_eq!(told(asked).await, expected);
        agent.withdrawn(&id).await;
        for unknown in [id.as_str(), "", "x", "-1", "99999999999999999999"] {
            let answer = answer(&person, &house, COMMAND, unknown, true).await;
            assert_eq!(answer, Err(NOT_FOUND.to_owned()));
        }
    }
}

#[tokio::test]
async fn the_documented_interfaces_are_those_that_are_spoken() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let stranger = house.connect().await;
    for (bus, path, name, documented) in [
        (
            &agent.bus,
            agent::PATH,
            "org.oz.Prompter1",
            include_str!("../../../../../docs/org.oz.Prompter1.xml"),
        ),
        (
            &house.daemon,
            control::ROOT,
            "org.oz.Prompts1",
            include_str!("../../../../../docs/org.oz.Prompts1.xml"),
        ),
    ] {
        let introspectable = "org.freedesktop.DBus.Introspectable";
        let owner = bus.unique_name().expect("a name").as_str();
        let call = stranger.call_method(Some(owner), path, Some(introspectable), "Introspect", &());
        let reply = within("the interface", call).await.expect("answered");
        let spoken: String = reply.body().deserialize().expect("text");
        assert_eq!(interface(documented, name), interface(&spoken, name));
    }
}

/// The lines of an interface in introspection data, without comments and indentation.
fn interface(xml: &str, name: &str) -> Vec<String> {
    let start = format!("<interface name=\"{name}\">");
    let (_, rest) = xml.split_once(&start).expect("the interface");
    let (inner, _) = rest.split_once("</interface>").expect("its end");
    let lines = inner.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("<!--"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn sandboxes_do_not_wait_for_each_other() {
    let house = House::new().await;
    let agent = Agent::start(&house).await;
    let asked = ["foot", "gedit"].map(|name| house.ask(name, microphone()));
    while agent.cards().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    house.read_it();
    for card in agent.cards() {
        let yes = card.sandbox == "gedit";
        let taken = answer(&agent.bus, &house, ANSWER, &card.id, yes).await;
        assert_eq!(taken, Ok(()));
    }
    let [foot, gedit] = asked;
    assert_eq!(told(foot).await, Answer::No(Refusal::Person));
    assert_eq!(told(gedit).await, Answer::Yes);
}
