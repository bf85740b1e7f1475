//! From what was said, tried and seen to one verdict for each wall.

use oz_core::report::{Asked, State, Wall};
use oz_core::wire::check::Finding;
use serde::Serialize;

use crate::bus::Enforcement;
use crate::out;

/// Most characters of what the prober says.
const LONGEST: usize = 300;

/// Where something was tried or seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum From {
    /// By the prober, inside.
    Inside,
    /// From here, by what the kernel says.
    Outside,
}

/// One thing that was tried or looked at.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Test {
    /// What holds.
    claim: String,
    from: From,
    state: State,
    /// What was seen.
    detail: String,
}

/// One wall.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Row {
    pub(super) wall: Wall,
    /// Behind "the app cannot".
    pub(super) keeps_from: &'static str,
    pub(super) asked: Asked,
    /// The weakest of what the launch says and of all tests.
    pub(super) state: State,
    /// What the launch says.
    why: String,
    /// How far it holds by what the launch says.
    at_launch: State,
    pub(super) tests: Vec<Test>,
}

impl Test {
    pub(super) fn holds(&self) -> bool {
        self.state == State::Enforced
    }
}

impl Row {
    /// Whether it holds as far as was asked.
    pub(super) fn is_as_asked(&self) -> bool {
        match self.asked {
            Asked::Required => self.holds_whole(),
            Asked::Wanted => self.state != State::Not,
            // What it once was it has to be still.
            Asked::IfPossible => self.state <= self.at_launch,
            Asked::No => true,
        }
    }

    pub(super) fn holds_whole(&self) -> bool {
        self.state == State::Enforced
    }

    pub(super) fn how_far(&self) -> &'static str {
        match self.state {
            State::Enforced => "whole",
            State::Partly => "in part",
            State::Not => "not",
        }
    }

    /// Why it does not hold whole.
    pub(super) fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.at_launch != State::Enforced {
            reasons.push(format!("the launch says: {}", self.why));
        }
        for test in self.tests.iter().filter(|test| !test.holds()) {
            let place = match test.from {
                From::Inside => "inside",
                From::Outside => "outside",
            };
            reasons.push(format!("{} ({place}): {}", test.claim, test.detail));
        }
        if self.tests.is_empty() {
            reasons.push("nothing was tried against it".to_owned());
        }
        reasons
    }
}

/// A row for each wall that the daemon speaks of.
pub(super) fn rows(said: &[Enforcement], found: &[(From, Finding)]) -> Vec<Row> {
    said.iter().map(|said| row(said, found)).collect()
}

fn row(said: &Enforcement, found: &[(From, Finding)]) -> Row {
    let about = found
        .iter()
        .filter(|(_, finding)| finding.wall == said.wall);
    let tests: Vec<Test> = about.map(|(from, finding)| test(*from, finding)).collect();
    let seen = tests.iter().map(|test| test.state).max();
    // What nobody has tried is not known to hold.
    let seen = seen.unwrap_or(if said.is_asked() {
        State::Not
    } else {
        State::Enforced
    });
    Row {
        wall: said.wall,
        keeps_from: said.wall.entry().keeps_from,
        asked: said.asked,
        state: said.state.max(seen),
        why: out::safe(&said.why),
        at_launch: said.state,
        tests,
    }
}

fn test(from: From, finding: &Finding) -> Test {
    let shown = |text: &str| out::safe(text).chars().take(LONGEST).collect();
    Test {
        claim: shown(&finding.claim),
        from,
        state: finding.state,
        detail: shown(&finding.detail),
    }
}
