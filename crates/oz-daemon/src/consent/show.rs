//! Finding somebody who can show a prompt: one after the other, until it is over.

use std::sync::Arc;

use tokio::sync::oneshot;
use zbus::Connection;

use super::queue::Card;
use super::room::{Event, Events};
use super::{agent, notification};

/// Resolves when the prompt is over.
pub(super) type IsOver = oneshot::Receiver<()>;

/// How an attempt to show a prompt ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The prompt is over, and is not shown any more.
    Over,
    /// There is nobody of this kind, or not any more.
    Lost,
}

/// Shows a prompt until it is over.
pub(super) async fn show(bus: Connection, events: Events, card: Arc<Card>, mut over: IsOver) {
    if agent::show(&bus, &events, &card, &mut over).await == Ended::Over {
        return;
    }
    let _ = events.send(Event::Hidden(card.id));
    if notification::show(&bus, &events, &card, &mut over).await == Ended::Over {
        return;
    }
    let _ = events.send(Event::Unshowable(card.id));
}
