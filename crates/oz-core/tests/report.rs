//! What a sandbox's report says of its walls.

mod common;

use oz_core::plan::{Plan, build};
use oz_core::report::{EnforcementReport, Held, Line, State, Wall, missing};

fn plan(required: &str) -> Plan {
    let profile = common::profile(&format!(r#"{{ "walls": {{ "require": [{required}] }} }}"#));
    build(&profile, &common::request("app"), &common::facts()).expect("a plan")
}

fn limit(report: &EnforcementReport) -> &Line {
    let limit = |line: &&Line| line.wall == Wall::ProcessLimit;
    report.lines.iter().find(limit).expect("a line")
}

const LIMIT: &str = "\"process-limit\"";

#[test]
fn what_is_required_and_does_not_hold_whole_is_missing() {
    let partly = [Held::new(
        Wall::ProcessLimit,
        State::Partly,
        "an old kernel",
    )];
    assert_eq!(missing(&plan(""), &partly), None);
    let line = missing(&plan(LIMIT), &partly).expect("missing");
    assert_eq!(
        (line.state, line.why.as_str()),
        (State::Partly, "an old kernel")
    );
    let whole = [Held::new(Wall::ProcessLimit, State::Enforced, "")];
    assert_eq!(missing(&plan(LIMIT), &whole), None);
    assert!(missing(&plan(LIMIT), &[]).is_some());
}

#[test]
fn the_weakest_word_counts_and_cannot_steer_a_terminal() {
    let held = [
        Held::new(Wall::ProcessLimit, State::Not, "a\u{1b}[2J"),
        Held::new(Wall::ProcessLimit, State::Enforced, "b"),
        Held::new(Wall::Files, State::Not, "a wall that the launch builds"),
    ];
    let report = EnforcementReport::new(&plan(""), &held);
    let line = limit(&report);
    assert_eq!((line.state, line.why.as_str()), (State::Not, "a\\x1b[2J"));
    assert_eq!(report.lines[0].state, State::Enforced);
    let silent = EnforcementReport::new(&plan(""), &[]);
    assert_eq!(limit(&silent).state, State::Not);
}
