//! A notification service that does what the test says a person does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use zbus::{Connection, OwnedVariant};

use super::bus::{House, within};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// A notification.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) summary: String,
    pub(super) body: String,
    pub(super) actions: Vec<String>,
    pub(super) hints: HashMap<String, OwnedVariant>,
}

#[derive(Clone, Default)]
struct Screen {
    capabilities: Vec<String>,
    shown: Arc<Mutex<Vec<Shown>>>,
    count: Arc<watch::Sender<u32>>,
    closed: Arc<watch::Sender<Vec<u32>>>,
}

/// The service, with what it shows; its notifications are numbered from one.
pub(super) struct Service {
    pub(super) bus: Connection,
    screen: Screen,
}

impl Service {
    pub(super) async fn start(house: &House, capabilities: &[&str]) -> Self {
        let bus = house.connect().await;
        let screen = Screen {
            capabilities: capabilities.iter().map(|&name| name.to_owned()).collect(),
            ..Screen::default()
        };
        let served = bus.object_server().at(PATH, screen.clone()).await;
        served.expect("served");
        bus.request_name(NAME).await.expect("the name");
        Self { bus, screen }
    }

    pub(super) fn shown(&self) -> Vec<Shown> {
        self.screen.shown.lock().expect("no panic").clone()
    }

    /// Waits for so many notifications.
    pub(super) async fn count(&self, count: u32) {
        let mut counted = self.screen.count.subscribe();
        let enough = counted.wait_for(|now| *now >= count);
        within("a notification", enough).await.expect("open");
    }

    /// Waits until it was told to close one.
    pub(super) async fn closed(&self, number: u32) {
        let mut closed = self.screen.closed.subscribe();
        let it = closed.wait_for(|list| list.contains(&number));
        within("a closed notification", it).await.expect("open");
    }
}

/// Says that a button was pressed; whoever says it need not be the service.
pub(super) async fn invoke(from: &Connection, to: Option<&Connection>, number: u32, action: &str) {
    let to = to.map(|to| to.unique_name().expect("a name").as_str());
    let arguments = (number, action);
    let sent = from.emit_signal(to, PATH, NAME, "ActionInvoked", &arguments);
    sent.await.expect("sent");
}

/// Says that a notification is gone, with the reason's number.
pub(super) async fn close(from: &Connection, number: u32, reason: u32) {
    let to: Option<&str> = None;
    let arguments = (number, reason);
    let sent = from.emit_signal(to, PATH, NAME, "NotificationClosed", &arguments);
    sent.await.expect("sent");
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Screen {
    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    #[allow(clippy::too_many_arguments, reason = "so the specification says")]
    fn notify(
        &self,
        _app: String,
        _replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedVariant>,
        _expires: i32,
    ) -> u32 {
        self.shown.lock().expect("no panic").push(Shown {
            summary,
            body,
            actions,
            hints,
        });
        self.count.send_modify(|count| *count += 1);
        *self.count.borrow()
    }

    fn close_notification(&self, number: u32) {
        self.closed.send_modify(|list| list.push(number));
    }
}
