//! What a sandbox's report says of its walls.

mod common;

use oz_core::plan::{Mode, Plan, build};
use oz_core::report::{Asked, By, EnforcementReport, Held, Line, State, Wall, missing};

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
    assert_eq!(missing(&plan(""), By::Init, &partly), None);
    let line = missing(&plan(LIMIT), By::Init, &partly).expect("missing");
    assert_eq!(
        (line.state, line.why.as_str()),
        (State::Partly, "an old kernel")
    );
    let whole = [Held::new(Wall::ProcessLimit, State::Enforced, "")];
    assert_eq!(missing(&plan(LIMIT), By::Init, &whole), None);
    assert!(missing(&plan(LIMIT), By::Init, &[]).is_some());
}

#[test]
fn the_weakest_word_counts_and_cannot_steer_a_terminal() {
    let held = [
        Held::new(Wall::ProcessLimit, State::Not, "a\u{1b}[2J"),
        Held::new(Wall::ProcessLimit, State::Enforced, "b"),
        Held::new(Wall::Files, State::Not, "a wall that the launch builds"),
    ];
    let report = EnforcementReport::new(&plan(""), &held, &[]);
    let line = limit(&report);
    assert_eq!((line.state, line.why.as_str()), (State::Not, "a\\x1b[2J"));
    assert_eq!(report.lines[0].state, State::Enforced);
    let silent = EnforcementReport::new(&plan(""), &[], &[]);
    assert_eq!(limit(&silent).state, State::Not);
}

#[test]
fn init_has_no_word_in_what_the_service_manager_holds() {
    let memory = |state| [Held::new(Wall::Memory, state, "1 GiB")];
    let of = |report: &EnforcementReport| {
        let memory = report.lines.iter().find(|line| line.wall == Wall::Memory);
        memory.expect("a line").state
    };
    let lied = EnforcementReport::new(&plan(""), &memory(State::Enforced), &memory(State::Not));
    assert_eq!(of(&lied), State::Not);
    let held = EnforcementReport::new(&plan(""), &[], &memory(State::Enforced));
    assert_eq!(of(&held), State::Enforced);
    // It can be lost, and only its own lines change.
    let lost = held.looked_at_again(&memory(State::Not));
    assert_eq!(of(&lost), State::Not);
    assert_eq!(limit(&lost), limit(&held));
    let required = plan("\"memory\"");
    assert_eq!(missing(&required, By::Init, &[]), None);
    assert!(missing(&required, By::Manager, &memory(State::Partly)).is_some());
    assert_eq!(
        missing(&required, By::Manager, &memory(State::Enforced)),
        None
    );
}

#[test]
fn the_network_of_the_host_is_no_wall_and_needs_landlock_whole() {
    let mut plan = plan("");
    plan.network.mode = Mode::Host;
    let partly = [Held::new(Wall::Landlock, State::Partly, "version 5")];
    let line = missing(&plan, By::Init, &partly).expect("missing");
    assert_eq!((line.wall, line.asked), (Wall::Landlock, Asked::Required));
    let whole = [Held::new(Wall::Landlock, State::Enforced, "version 6")];
    assert_eq!(missing(&plan, By::Init, &whole), None);
    let report = EnforcementReport::new(&plan, &whole, &[]);
    let of = |wall| {
        let line = report.lines.iter().find(|line| line.wall == wall);
        line.map(|line| (line.asked, line.state)).expect("a line")
    };
    assert_eq!(of(Wall::Network), (Asked::No, State::Not));
    assert_eq!(of(Wall::Identifiers), (Asked::Wanted, State::Partly));
    assert_eq!(of(Wall::Kernel), (Asked::Wanted, State::Partly));
    assert_eq!(of(Wall::Files), (Asked::Required, State::Enforced));
}
