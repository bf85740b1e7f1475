//! A prompter, as somebody would write one from docs/prompts.md.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use zbus::{Connection, OwnedVariant, fdo};

use super::bus::{House, within};

const NAME: &str = "org.oz.Prompter1";
pub(super) const PATH: &str = "/org/oz/Prompter1";

/// What it was asked to show.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) id: String,
    pub(super) sandbox: String,
    pub(super) profile: String,
    pub(super) kind: String,
    pub(super) details: HashMap<String, OwnedVariant>,
}

#[derive(Clone, Default)]
struct Screen {
    cards: Arc<Mutex<Vec<Card>>>,
    withdrawn: Arc<watch::Sender<Vec<String>>>,
    refuses: bool,
}

/// The agent, with what it shows.
pub(super) struct Agent {
    pub(super) bus: Connection,
    screen: Screen,
}

impl Agent {
    pub(super) async fn start(house: &House) -> Self {
        Self::with(house, Screen::default()).await
    }

    /// One that cannot show anything.
    pub(super) async fn that_refuses(house: &House) -> Self {
        let screen = Screen {
            refuses: true,
            ..Screen::default()
        };
        Self::with(house, screen).await
    }

    async fn with(house: &House, screen: Screen) -> Self {
        let bus = house.connect().await;
        let served = bus.object_server().at(PATH, screen.clone()).await;
        served.expect("served");
        bus.request_name(NAME).await.expect("the name");
        Self { bus, screen }
    }

    pub(super) fn cards(&self) -> Vec<Card> {
        self.screen.cards.lock().expect("no panic").clone()
    }

    /// Waits until it was told to take a prompt away.
    pub(super) async fn withdrawn(&self, id: &str) {
        let mut withdrawn = self.screen.withdrawn.subscribe();
        let it = withdrawn.wait_for(|list| list.iter().any(|other| other == id));
        within("the prompt to be withdrawn", it)
            .await
            .expect("open");
    }

    /// Gives its name away and lives on.
    pub(super) async fn resign(&self) {
        assert!(self.bus.release_name(NAME).await.expect("released"));
    }

    /// Ends as a program does.
    pub(super) async fn die(self) {
        self.bus.close().await.expect("closed");
    }
}

#[zbus::interface(name = "org.oz.Prompter1")]
impl Screen {
    fn show(
        &self,
        id: String,
        sandbox: String,
        profile: String,
        kind: String,
        details: HashMap<String, OwnedVariant>,
    ) -> fdo::Result<()> {
        if self.refuses {
            return Err(fdo::Error::Failed("the screen is locked".to_owned()));
        }
        self.cards.lock().expect("no panic").push(Card {
            id,
            sandbox,
            profile,
            kind,
            details,
        });
        Ok(())
    }

    fn withdraw(&self, id: String) {
        self.withdrawn.send_modify(|list| list.push(id));
    }
}
