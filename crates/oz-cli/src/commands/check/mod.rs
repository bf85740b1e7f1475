//! `oz check`: proves wall by wall, from inside and from outside, what holds of a running sandbox.
//!
//! What was asked and what the launch says come from the daemon. A prober of ours is executed inside
//! as the app is, and tries; meanwhile it and everything beside it is looked at from here, by what
//! the kernel says. A wall holds as far as the weakest of all that was found.

mod around;
mod baits;
mod looks;
mod prober;
mod verdict;
mod view;

use oz_core::plan::Plan;
use oz_core::report::{Asked, Wall};
use serde::Serialize;

use crate::arguments::Check;
use crate::bus::{Bus, Enforcement};
use crate::error::{Error, Result};
use crate::out;
use verdict::{Row, rows};

/// All that is printed; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Checked {
    sandbox: String,
    profile: String,
    /// Every wall that was asked for holds.
    holds: bool,
    walls: Vec<Row>,
}

pub(crate) async fn run(what: Check) -> Result<u8> {
    let bus = Bus::connect().await?;
    let sandbox = bus.get(&what.id).await?;
    let plan: String = bus.sandbox(&what.id, "Plan", &()).await?;
    let plan: Plan = serde_json::from_str(&plan).map_err(|error| {
        Error::failed(
            format!("the daemon's plan is not understood: {error}."),
            "It may be of another version: end its sandboxes, and it is started anew.",
        )
    })?;
    let baits = baits::Baits::lay()?;
    let prober = prober::start(&bus, &what.id, &plan, &baits).await?;
    let view = view::View::of(&sandbox, plan, prober.evidence())?;
    let mut findings = prober.findings();
    findings.extend(looks::all(&view));
    // It has been looked at long enough.
    drop(prober);
    let walls = rows(&sandbox.enforcement, &findings);
    let checked = Checked {
        holds: walls.iter().all(Row::is_as_asked),
        sandbox: what.id,
        profile: sandbox.profile,
        walls,
    };
    if what.json {
        out::json(&checked)?;
    } else {
        out::text(&text(&checked, out::is_read()))?;
    }
    Ok(u8::from(!checked.holds))
}

fn text(checked: &Checked, terminal: bool) -> String {
    let rows: Vec<Vec<String>> = checked
        .walls
        .iter()
        .map(|row| {
            let held = row.tests.iter().filter(|test| test.holds()).count();
            vec![
                row.wall.to_string(),
                row.asked.to_string(),
                row.state.to_string(),
                format!("{held} of {}", row.tests.len()),
                row.keeps_from.to_owned(),
            ]
        })
        .collect();
    let headings = ["WALL", "ASKED", "HOLDS", "TESTS", "THE APP CANNOT"];
    let mut text = String::new();
    let open = |row: &&Row| row.wall == Wall::Network && row.asked == Asked::No;
    if checked.walls.iter().any(|row| open(&row)) {
        let warning = format!("{} has {}.", checked.sandbox, out::HOST_NETWORK);
        text.push_str(&(out::red(&warning, terminal) + "\n\n"));
    }
    text.push_str(&out::table(&headings, &rows));
    for row in checked.walls.iter().filter(|row| !row.holds_whole()) {
        text.push_str(&format!("\n{} holds {}:\n", row.wall, row.how_far()));
        for reason in row.reasons() {
            text.push_str(&format!("  {reason}\n"));
        }
    }
    let end = if checked.holds {
        "Every wall that was asked for holds."
    } else {
        "NOT every wall that was asked for holds."
    };
    text.push_str(&format!("\n{end}\n"));
    text
}

/// What the daemon says of one wall.
impl Enforcement {
    fn is_asked(&self) -> bool {
        self.asked != Asked::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::report::{State, WALLS};
    use oz_core::wire::check::Finding;
    use verdict::From;

    fn enforcement() -> Vec<Enforcement> {
        let line = |entry: &oz_core::report::Entry| Enforcement {
            wall: entry.wall,
            asked: Asked::Required,
            state: State::Enforced,
            why: "there is no launch without it".into(),
        };
        WALLS.iter().map(line).collect()
    }

    fn finding(wall: Wall, state: State) -> (From, Finding) {
        let finding = Finding {
            wall,
            claim: "nothing \u{1b}[2J can be done".into(),
            state,
            detail: "EPERM".into(),
        };
        (From::Inside, finding)
    }

    fn checked(said: &[Enforcement], found: &[(From, Finding)]) -> Checked {
        let walls = rows(said, found);
        Checked {
            sandbox: "x".into(),
            profile: "x".into(),
            holds: walls.iter().all(Row::is_as_asked),
            walls,
        }
    }

    fn all_hold() -> Vec<(From, Finding)> {
        let walls = WALLS.iter().map(|entry| entry.wall);
        walls.map(|wall| finding(wall, State::Enforced)).collect()
    }

    #[test]
    fn the_weakest_word_of_all_counts() {
        assert!(checked(&enforcement(), &all_hold()).holds);
        let mut found = all_hold();
        found.push(finding(Wall::Network, State::Not));
        let broken = checked(&enforcement(), &found);
        assert!(!broken.holds);
        insta::assert_snapshot!(text(&broken, true));
    }

    #[test]
    fn what_was_wanted_may_hold_in_part_and_what_was_required_may_not() {
        let mut said = enforcement();
        let limit = |line: &&mut Enforcement| line.wall == Wall::ProcessLimit;
        let line = said.iter_mut().find(limit).expect("a line");
        (line.state, line.why) = (State::Partly, "an old kernel".into());
        assert!(!checked(&said, &all_hold()).holds);
        let line = said.iter_mut().find(limit).expect("a line");
        line.asked = Asked::Wanted;
        assert!(checked(&said, &all_hold()).holds);
        let line = said.iter_mut().find(limit).expect("a line");
        line.state = State::Not;
        assert!(!checked(&said, &all_hold()).holds);
        let line = said.iter_mut().find(limit).expect("a line");
        line.asked = Asked::No;
        assert!(checked(&said, &all_hold()).holds);
    }

    #[test]
    fn the_network_of_the_host_is_said_first_and_is_no_broken_wall() {
        let mut said = enforcement();
        let network = |line: &&mut Enforcement| line.wall == Wall::Network;
        let line = said.iter_mut().find(network).expect("a line");
        (line.asked, line.state) = (Asked::No, State::Not);
        let checked = checked(&said, &all_hold());
        assert!(checked.holds);
        assert!(text(&checked, true).starts_with("\x1b[31mx has the network of this machine"));
        assert!(text(&checked, false).starts_with("x has the network of this machine"));
    }

    #[test]
    fn a_wall_that_nothing_was_tried_against_is_not_said_to_hold() {
        let mut found = all_hold();
        found.retain(|(_, finding)| finding.wall != Wall::Devices);
        assert!(!checked(&enforcement(), &found).holds);
    }

    #[test]
    fn json_is_as_its_schema_says() {
        insta::assert_json_snapshot!("check-schema", schemars::schema_for!(Checked));
        let one = checked(&enforcement()[..1], &all_hold());
        insta::assert_json_snapshot!("check", one);
    }
}
