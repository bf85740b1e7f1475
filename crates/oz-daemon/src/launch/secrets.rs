//! Protected places over a copy, together with a network: each alone a profile may give, both only the person.
//!
//! A copy keeps what is there from being changed, not from being read, and who reads keys and has a network can send them
//! away. So nothing runs in such a sandbox before the person has said yes to both, once for all of its life.

use oz_core::OsBytes;
use oz_core::plan::{Effect, Mode, Plan};
use oz_core::protected;
use oz_host::protected::Protected;

use crate::consent::{Answer, Question};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::Sandbox;

/// Asks, if there is something to ask; an answer is asked for once, whoever waits for it.
pub(super) async fn ask(daemon: &Daemon, sandbox: &Sandbox) -> Result<()> {
    let places = places(&sandbox.plan);
    let Some(first) = places.first() else {
        return Ok(());
    };
    let question = Question::secrets(places.iter());
    let ask = || daemon.consent.ask(sandbox, question);
    match sandbox.secrets.get_or_init(ask).await {
        Answer::Yes => Ok(()),
        Answer::No(_) => Err(Failure::new(
            Kind::Refused,
            format!(
                "{} does not run, because nobody has said yes to its having {first} and a network",
                sandbox.id
            ),
            "Answer yes the next time; or run it without a network (`oz run --net none`), or without that rule of its profile",
        )),
    }
}

/// The protected places that rules show, if there is a copy and a way out. What the app has kept itself and was given is its own.
fn places(plan: &Plan) -> Vec<OsBytes> {
    let has_network = plan.network.mode != Mode::None || plan.network.has_outside();
    if !has_network || plan.overlays().next().is_none() {
        return Vec::new();
    }
    let shown = plan.rules.iter();
    let mut shown = shown
        .filter(|ruled| ruled.effect != Effect::Hide)
        .flat_map(|ruled| &ruled.places)
        .peekable();
    if shown.peek().is_none() {
        return Vec::new();
    }
    let known = Protected::look(&plan.user.home);
    let is_secret = |place: &&std::path::PathBuf| {
        let holding = known.holding(place);
        holding.is_some_and(|place| place.reason != protected::DATA)
    };
    shown
        .filter(is_secret)
        .map(|place| OsBytes::from(place.as_path()))
        .collect()
}
