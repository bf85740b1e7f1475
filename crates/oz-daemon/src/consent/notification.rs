//! A notification with two buttons, for desktops without an agent.
//!
//! <https://specifications.freedesktop.org/notification-spec/1.2/>. Its signals are believed only
//! from the connection that was asked to show it. Apps have no way to it: the session bus is not
//! in a sandbox, so a notification that looks like ours is not from one.

use std::collections::HashMap;
use std::time::Duration;

use tokio_stream::StreamExt;
use zbus::{Connection, MatchRule, MessageStream, Variant};

use super::queue::{By, Card, NotTaken, PATIENCE};
use super::room::{self, Event, Events};
use super::show::{Ended, IsOver};
use crate::notice::escaped;
use crate::owner::{self, Owner};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const ALLOW: &str = "allow";
const DENY: &str = "deny";
/// It stays until it is answered.
const CRITICAL: u8 = 2;
/// The person closed it: the reason's number in the specification.
const DISMISSED: u32 = 2;
/// How much longer than a prompt waits a service may leave it open.
const MARGIN: Duration = Duration::from_secs(10);
/// How often it is shown again, because services close it with an answer that came too soon.
const TIMES: usize = 3;

/// What comes of one notification.
enum Outcome {
    Over,
    Lost,
    /// It was closed by an answer that came too soon.
    Again,
}

/// What a service says.
enum Signal {
    Invoked(u32, String),
    Closed(u32, u32),
}

/// Shows a prompt by a notification, if there is a service that can.
pub(super) async fn show(
    bus: &Connection,
    events: &Events,
    card: &Card,
    over: &mut IsOver,
) -> Ended {
    let service = tokio::select! {
        biased;
        _ = &mut *over => return Ended::Over,
        service = Service::find(bus) => service,
    };
    let Some(mut service) = service else {
        return Ended::Lost;
    };
    for _ in 0..TIMES {
        match service.ask(events, card, over).await {
            Outcome::Over => return Ended::Over,
            Outcome::Lost => return Ended::Lost,
            Outcome::Again => {
                let _ = events.send(Event::Hidden(card.id));
            }
        }
    }
    Ended::Lost
}

struct Service {
    bus: Connection,
    owner: Owner,
    signals: MessageStream,
    markup: bool,
}

impl Service {
    /// The service, if its notifications can have buttons.
    async fn find(bus: &Connection) -> Option<Self> {
        let owner = Owner::of(bus, NAME, true).await?;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(owner.name.clone())
            .interface(NAME)
            .path(PATH)
            .build()
            .ok()?;
        // Before anything is shown, so that no answer is missed.
        let signals = MessageStream::for_match_rule(rule, bus, None);
        let signals = signals.await.ok()?;
        let reply = owner::call(bus, &owner.name, PATH, NAME, "GetCapabilities", &()).await?;
        let can: Vec<String> = reply.body().deserialize().ok()?;
        let can = |what: &str| can.iter().any(|other| other == what);
        if !can("actions") {
            tracing::info!("the notification service has no actions, so it cannot ask");
            return None;
        }
        Some(Self {
            bus: bus.clone(),
            owner,
            signals,
            markup: can("body-markup"),
        })
    }

    async fn ask(&mut self, events: &Events, card: &Card, over: &mut IsOver) -> Outcome {
        let Some(number) = self.notify(card).await else {
            return Outcome::Lost;
        };
        let owner = self.owner.name.clone();
        let by = By::Notification(owner.clone());
        let _ = events.send(Event::Shown(card.id, by.clone()));
        let mut too_soon = false;
        loop {
            let signal = tokio::select! {
                biased;
                _ = &mut *over => {
                    self.close(number);
                    return Outcome::Over;
                }
                () = self.owner.lost() => return Outcome::Lost,
                signal = next(&mut self.signals, &owner) => match signal {
                    Some(signal) => signal,
                    None => return Outcome::Lost,
                },
            };
            let yes = match &signal {
                Signal::Invoked(of, action) if *of == number => match action.as_str() {
                    ALLOW => true,
                    DENY => false,
                    _ => continue,
                },
                Signal::Closed(of, _) if *of == number && too_soon => return Outcome::Again,
                // To wave a question away is to say no to it.
                Signal::Closed(of, DISMISSED) if *of == number => false,
                Signal::Closed(of, _) if *of == number => return Outcome::Lost,
                _ => continue,
            };
            let dismissed = matches!(signal, Signal::Closed(..));
            match room::answer(events, card.id, by.clone(), yes).await {
                Err(NotTaken::TooSoon) if dismissed => return Outcome::Again,
                Err(NotTaken::TooSoon) => too_soon = true,
                // It is over, or about to be.
                Ok(()) | Err(_) => {}
            }
        }
    }

    async fn notify(&self, card: &Card) -> Option<u32> {
        let body = card.question.body();
        let body = if self.markup { escaped(&body) } else { body };
        let hints: HashMap<&str, Variant<'_>> = HashMap::from([
            ("urgency", CRITICAL.into()),
            // Some services then leave it open after an answer that came too soon.
            ("resident", true.into()),
        ]);
        // We close it; this is for one whose daemon has died.
        let longest = PATIENCE + MARGIN;
        let longest = i32::try_from(longest.as_millis()).unwrap_or(i32::MAX);
        let arguments = (
            "Oz",
            0_u32,
            card.question.icon(),
            card.question.title(&card.who.name),
            body,
            [DENY, "Deny", ALLOW, "Allow"].as_slice(),
            hints,
            longest,
        );
        let owner = &self.owner.name;
        let reply = owner::call(&self.bus, owner, PATH, NAME, "Notify", &arguments).await?;
        reply.body().deserialize().ok()
    }

    /// Nobody waits for its answer to that.
    fn close(&self, number: u32) {
        let (bus, owner) = (self.bus.clone(), self.owner.name.clone());
        tokio::spawn(async move {
            owner::call(&bus, &owner, PATH, NAME, "CloseNotification", &(number,)).await
        });
    }
}

/// The next signal of this connection; nothing once the bus is gone.
async fn next(signals: &mut MessageStream, owner: &str) -> Option<Signal> {
    loop {
        let message = signals.next().await?.ok()?;
        let header = message.header();
        if header.sender().map(|name| name.as_str()) != Some(owner) {
            continue;
        }
        let body = message.body();
        let signal = match header.member().map(|name| name.as_str()) {
            Some("ActionInvoked") => body
                .deserialize::<(u32, String)>()
                .map(|(number, action)| Signal::Invoked(number, action)),
            Some("NotificationClosed") => body
                .deserialize::<(u32, u32)>()
                .map(|(number, reason)| Signal::Closed(number, reason)),
            _ => continue,
        };
        if let Ok(signal) = signal {
            return Some(signal);
        }
    }
}
