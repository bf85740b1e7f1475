//! Portals that are asked for and not served: the bus answers that there is no such interface, and the person hears of it.

use std::time::Duration;

use oz_core::wire::portal::{FromProxy, MISSED};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use zbus::{Connection, Message, MessageStream, message::Type};

use crate::PATH;
use crate::daemon::Outgoing;

/// What the names of portals begin with.
const PREFIX: &str = "org.freedesktop.portal.";
/// Each is not said more often than this.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the daemon of each; ends with the bus.
pub async fn tell(bus: Connection, daemon: mpsc::Sender<Outgoing>) {
    let mut messages = MessageStream::from(&bus);
    drop(bus);
    let mut said = [None::<Instant>; MISSED.len()];
    while let Some(Ok(message)) = messages.next().await {
        let Some(index) = missed(&message) else {
            continue;
        };
        let now = Instant::now();
        if said[index].is_some_and(|said| now - said < PAUSE) {
            continue;
        }
        said[index] = Some(now);
        if let Ok(portal) = u8::try_from(index) {
            // One that does not listen at this moment has more to do.
            let _ = daemon.try_send((FromProxy::Denied { portal }, None));
        }
    }
}

/// Which of them a message calls.
fn missed(message: &Message) -> Option<usize> {
    let header = message.header();
    if header.message_type() != Type::MethodCall || header.path()?.as_str() != PATH {
        return None;
    }
    let name = header.interface()?.as_str().strip_prefix(PREFIX)?;
    MISSED.iter().position(|missed| *missed == name)
}
