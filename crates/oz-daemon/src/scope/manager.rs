//! systemd's manager on the session bus: whether it is there, and what is asked of it.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html>

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oz_core::plan::Plan;
use tokio_stream::StreamExt;
use zbus::{Connection, DBusError, MatchRule, MessageStream, OwnedObjectPath, Variant};

use super::{PATIENCE, unit};

const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const INTERFACE: &str = "org.freedesktop.systemd1.Manager";
/// What it answers to a property that it does not know.
const UNKNOWN: &str = "org.freedesktop.DBus.Error.PropertyReadOnly";
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// The manager, by its own connection: whoever has the name later is another one.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    bus: Connection,
    owner: String,
    /// It was found not to know what it should do when the kernel ends a process for its memory.
    no_oom_policy: Arc<AtomicBool>,
}

/// Who has its name.
pub(super) struct Watch {
    bus: Connection,
    changes: MessageStream,
}

impl Watch {
    pub(super) async fn begin(bus: &Connection) -> Option<Self> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(BUS)
            .interface(BUS)
            .member("NameOwnerChanged")
            .add_arg(NAME)
            .build()
            .ok()?;
        let changes = MessageStream::for_match_rule(rule, bus, None).await.ok()?;
        let bus = bus.clone();
        Some(Self { bus, changes })
    }

    /// The manager that is there now. It is never started by this.
    pub(super) async fn manager(&self) -> Option<Manager> {
        let arguments = (NAME,);
        let call = self
            .bus
            .call_method(Some(BUS), BUS_PATH, Some(BUS), "GetNameOwner", &arguments);
        let reply = tokio::time::timeout(PATIENCE, call).await.ok()?.ok()?;
        Some(self.of(reply.body().deserialize().ok()?))
    }

    /// Waits for the next change; none if the bus is gone.
    pub(super) async fn next(&mut self) -> Option<Option<Manager>> {
        while let Some(Ok(message)) = self.changes.next().await {
            if message.header().sender().map(|name| name.as_str()) != Some(BUS) {
                continue;
            }
            let body = message.body();
            if let Ok((_, _, new)) = body.deserialize::<(&str, &str, &str)>() {
                return Some((!new.is_empty()).then(|| self.of(new.to_owned())));
            }
        }
        None
    }

    fn of(&self, owner: String) -> Manager {
        Manager {
            bus: self.bus.clone(),
            owner,
            no_oom_policy: Default::default(),
        }
    }
}

impl Manager {
    /// Starts a scope with init in it, and waits until the manager has done its job. An error is a reason
    /// for people. Whoever calls has a deadline.
    pub(super) async fn start(&self, plan: &Plan, name: &str, init: u32) -> Result<(), String> {
        let said = |error: zbus::Error| {
            let (_, text) = refusal(&error);
            format!("the service manager refuses: {text}")
        };
        // Before the scope is asked for, so that the end of the job is not missed.
        let mut jobs = self.jobs(name).await.map_err(said)?;
        let reply = self.ask(plan, name, init).await.map_err(said)?;
        let body = reply.body();
        let job: OwnedObjectPath = body.deserialize().map_err(said)?;
        while let Some(Ok(message)) = jobs.next().await {
            if message.header().sender().map(|name| name.as_str()) != Some(&self.owner) {
                continue;
            }
            let body = message.body();
            let removed = body.deserialize::<(u32, OwnedObjectPath, String, String)>();
            match removed {
                Ok((_, of, _, result)) if of == job && result == "done" => return Ok(()),
                Ok((_, of, _, result)) if of == job => {
                    return Err(format!("the service manager made no scope: {result}"));
                }
                _ => {}
            }
        }
        Err("the session bus is gone".to_owned())
    }

    /// Ends of jobs of one unit.
    async fn jobs(&self, unit: &str) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(self.owner.clone())
            .path(PATH)
            .interface(INTERFACE)
            .member("JobRemoved")
            .arg(2, unit.to_owned())
            .build()?;
        MessageStream::for_match_rule(rule, &self.bus, None).await
    }

    /// Asks for the scope. Older managers refuse what they do not know.
    async fn ask(&self, plan: &Plan, name: &str, init: u32) -> zbus::Result<zbus::Message> {
        let ask = async |oom_policy: bool| {
            let none: Vec<(&str, Vec<(&str, Variant<'_>)>)> = Vec::new();
            let properties = unit::properties(plan, init, oom_policy);
            let arguments = (name, "fail", properties, none);
            self.call("StartTransientUnit", &arguments).await
        };
        if self.no_oom_policy.load(Ordering::Relaxed) {
            return ask(false).await;
        }
        match ask(true).await {
            Err(error) if refusal(&error).0 == UNKNOWN => {
                self.no_oom_policy.store(true, Ordering::Relaxed);
                ask(false).await
            }
            reply => reply,
        }
    }

    async fn call<B>(&self, method: &str, arguments: &B) -> zbus::Result<zbus::Message>
    where
        B: serde::Serialize + zbus::Type,
    {
        let to = Some(self.owner.as_str());
        self.bus
            .call_method(to, PATH, Some(INTERFACE), method, arguments)
            .await
    }
}

/// The name of an error, if it has one, and what it says.
fn refusal(error: &zbus::Error) -> (String, String) {
    let described = |name: &str, text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty()).unwrap_or(name);
        (name.to_owned(), text.to_owned())
    };
    match error {
        zbus::Error::MethodError(name, text, _) => described(name.as_str(), text.as_deref()),
        zbus::Error::FDO(error) => described(error.name().as_str(), error.description()),
        other => (String::new(), other.to_string()),
    }
}
