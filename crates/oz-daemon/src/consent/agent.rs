//! An agent of the desktop, which shows prompts as its own: `org.oz.Prompter1`, which
//! docs/prompts.md describes for whoever writes one.

use zbus::Connection;

use super::queue::{By, Card};
use super::room::{Event, Events};
use super::show::{Ended, IsOver};
use crate::owner::{self, Owner};

const NAME: &str = "org.oz.Prompter1";
const PATH: &str = "/org/oz/Prompter1";

/// Shows a prompt by the agent, if there is one.
pub(super) async fn show(
    bus: &Connection,
    events: &Events,
    card: &Card,
    over: &mut IsOver,
) -> Ended {
    let Some(mut agent) = Owner::of(bus, NAME, false).await else {
        return Ended::Lost;
    };
    let name = agent.name.clone();
    let id = card.id.to_string();
    let (sandbox, kind) = (card.who.sandbox.as_str(), card.question.kind());
    let arguments = (&id, sandbox, &card.who.profile, kind, card.details());
    let shown = tokio::select! {
        biased;
        _ = &mut *over => {
            withdraw(bus, &name, &id);
            return Ended::Over;
        }
        () = agent.lost() => None,
        reply = owner::call(bus, &name, PATH, NAME, "Show", &arguments) => reply,
    };
    if shown.is_none() {
        tracing::warn!(prompt = %id, "the prompter does not show a prompt");
        // It may have begun to.
        withdraw(bus, &name, &id);
        return Ended::Lost;
    }
    let _ = events.send(Event::Shown(card.id, By::Agent(name.clone())));
    let ended = tokio::select! {
        biased;
        _ = over => Ended::Over,
        () = agent.lost() => {
            tracing::warn!(prompt = %id, "the prompter is gone");
            Ended::Lost
        }
    };
    withdraw(bus, &name, &id);
    ended
}

/// Nobody waits for its answer to that.
fn withdraw(bus: &Connection, agent: &str, id: &str) {
    let (bus, agent, id) = (bus.clone(), agent.to_owned(), id.to_owned());
    tokio::spawn(async move { owner::call(&bus, &agent, PATH, NAME, "Withdraw", &(id,)).await });
}
