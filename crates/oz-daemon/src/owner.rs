//! Who has a name on the session bus, and whether that is still so.

use std::time::Duration;

use tokio_stream::StreamExt;
use zbus::{Connection, MatchRule, MessageStream};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
/// How long somebody who runs may take to answer a call.
const PATIENCE: Duration = Duration::from_secs(5);
/// Likewise who may have to be started for it, or has others started, on a machine that has much to do: as long as programs
/// wait for answers where nobody says otherwise.
pub(crate) const STARTING: Duration = Duration::from_secs(25);

/// The connection that has a well-known name.
pub(crate) struct Owner {
    /// Its unique name: what comes from another one is not from it.
    pub(crate) name: String,
    changes: MessageStream,
}

impl Owner {
    /// Finds the owner of a name, which is started if nobody has it and the bus can.
    pub(crate) async fn of(bus: &Connection, name: &str, start: bool) -> Option<Self> {
        // Before the owner is asked for, so that no change is missed.
        let changes = changes(bus, name).await?;
        let mut owner = owner(bus, name).await;
        if owner.is_none() && start {
            let arguments = (name, 0_u32);
            let start = "StartServiceByName";
            call_within(STARTING, bus, BUS, BUS_PATH, BUS, start, &arguments).await?;
            owner = self::owner(bus, name).await;
        }
        Some(Self {
            name: owner?,
            changes,
        })
    }

    /// Waits until the name is not this connection's any more.
    pub(crate) async fn lost(&mut self) {
        while let Some(message) = self.changes.next().await {
            let Ok(message) = message else {
                return;
            };
            if new_owner(&message).is_some_and(|new| new != self.name) {
                return;
            }
        }
    }
}

/// Waits until somebody has the name; nothing if the bus is gone.
pub(crate) async fn appears(bus: &Connection, name: &'static str) -> Option<()> {
    let mut changes = changes(bus, name).await?;
    if owner(bus, name).await.is_some() {
        return Some(());
    }
    while let Some(Ok(message)) = changes.next().await {
        if new_owner(&message).is_some_and(|new| !new.is_empty()) {
            return Some(());
        }
    }
    None
}

/// Says when the owner of a name changes.
async fn changes(bus: &Connection, name: &str) -> Option<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .sender(BUS)
        .interface(BUS)
        .member("NameOwnerChanged")
        .add_arg(name.to_owned())
        .build()
        .ok()?;
    MessageStream::for_match_rule(rule, bus, None).await.ok()
}

/// Who has it now, empty if nobody, as the bus itself says it.
fn new_owner(message: &zbus::Message) -> Option<String> {
    let from_the_bus = message.header().sender().map(|name| name.as_str()) == Some(BUS);
    let body = message.body();
    let (_, _, new) = body.deserialize::<(&str, &str, &str)>().ok()?;
    from_the_bus.then(|| new.to_owned())
}

async fn owner(bus: &Connection, name: &str) -> Option<String> {
    let reply = call(bus, BUS, BUS_PATH, BUS, "GetNameOwner", &(name,)).await?;
    reply.body().deserialize().ok()
}

/// A call that has a deadline; nothing if it fails.
pub(crate) async fn call<B>(
    bus: &Connection,
    destination: &str,
    path: &str,
    interface: &str,
    method: &str,
    arguments: &B,
) -> Option<zbus::Message>
where
    B: serde::Serialize + zbus::Type,
{
    call_within(
        PATIENCE,
        bus,
        destination,
        path,
        interface,
        method,
        arguments,
    )
    .await
}

/// The same with another deadline: [`STARTING`] for a program that may just be starting.
pub(crate) async fn call_within<B>(
    patience: Duration,
    bus: &Connection,
    destination: &str,
    path: &str,
    interface: &str,
    method: &str,
    arguments: &B,
) -> Option<zbus::Message>
where
    B: serde::Serialize + zbus::Type,
{
    let call = bus.call_method(Some(destination), path, Some(interface), method, arguments);
    match tokio::time::timeout(patience, call).await {
        Ok(Ok(reply)) => Some(reply),
        Ok(Err(error)) => {
            tracing::debug!(%error, method, "a call failed");
            None
        }
        Err(_) => {
            tracing::warn!(interface, method, "no answer in time");
            None
        }
    }
}
