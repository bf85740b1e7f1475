//! `org.oz.Prompts1`: the prompts that wait for the person, beside the manager.

use std::collections::HashMap;
use std::sync::Arc;

use zbus::{Connection, Variant};

use crate::consent::{Consent, Listed};
use crate::failure::{Failure, Kind, Result};

/// The object at [`super::ROOT`].
pub(crate) struct Prompts {
    consent: Arc<Consent>,
}

impl Prompts {
    pub(crate) fn new(consent: Arc<Consent>) -> Self {
        Self { consent }
    }
}

#[zbus::interface(name = "org.oz.Prompts1", introspection_docs = false)]
impl Prompts {
    /// An agent answers a prompt that it shows.
    async fn answer(
        &self,
        id: &str,
        yes: bool,
        #[zbus(header)] header: zbus::message::Header<'_>,
    ) -> Result<()> {
        let sender = header
            .sender()
            .ok_or_else(|| Failure::new(Kind::Refused, "an answer comes from nobody", ""))?;
        let name = sender.as_str();
        self.consent.answer_of_agent(id, name, yes).await
    }

    /// The person answers without an agent: `oz answer`.
    async fn answer_by_command(&self, id: &str, yes: bool) -> Result<()> {
        self.consent.answer_by_command(id, yes).await
    }

    /// The prompts that wait for an answer.
    #[zbus(property)]
    fn prompts(&self) -> Vec<HashMap<&'static str, Variant<'static>>> {
        let prompts = self.consent.prompts();
        prompts.borrow().iter().map(entry).collect()
    }
}

fn entry(prompt: &Listed) -> HashMap<&'static str, Variant<'static>> {
    let mut entry = prompt.details();
    entry.insert("id", prompt.id().into());
    entry.insert("sandbox", prompt.sandbox().into());
    entry.insert("profile", prompt.profile().into());
    entry.insert("kind", prompt.kind().into());
    entry.insert("asked", prompt.asked().into());
    entry.insert("shown", prompt.shown().into());
    entry
}

/// Says on the bus when the list changes, as long as the daemon runs.
pub(crate) async fn announce(bus: Connection, consent: Arc<Consent>) {
    let mut prompts = consent.prompts();
    while prompts.changed().await.is_ok() {
        let object = bus.object_server();
        let Ok(object) = object.interface::<_, Prompts>(super::ROOT).await else {
            return;
        };
        let emitter = object.signal_emitter();
        if let Err(error) = object.get().await.prompts_changed(emitter).await {
            tracing::debug!(%error, "nobody hears of prompts");
        }
    }
}
