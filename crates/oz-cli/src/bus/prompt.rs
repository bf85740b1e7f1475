//! A prompt that waits, as the bus shows it.

use std::collections::HashMap;

use tokio_stream::StreamExt;
use zbus::{MatchRule, MessageStream, OwnedVariant};

use super::{Bus, NAME, ROOT, value};
use crate::error::{Error, Result};

const PROMPTS: &str = "org.oz.Prompts1";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// A question that somebody has to answer. The daemon has made what an app says safe to show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prompt {
    pub(crate) id: String,
    pub(crate) sandbox: String,
    pub(crate) profile: String,
    pub(crate) kind: String,
    /// The question.
    pub(crate) title: String,
    /// What else there is to know, in lines.
    pub(crate) body: String,
    /// Seconds since 1970.
    pub(crate) asked: u64,
    /// Where the person can see it: `agent`, `notification`, or nowhere yet.
    pub(crate) shown: String,
}

impl Bus {
    /// All prompts that wait.
    pub(crate) async fn prompts(&self) -> Result<Vec<Prompt>> {
        let list: OwnedVariant = self
            .call(ROOT, PROPERTIES, "Get", &(PROMPTS, "Prompts"))
            .await?;
        let mut list = HashMap::from([("Prompts".to_owned(), list)]);
        let list: Vec<HashMap<String, OwnedVariant>> = value(&mut list, "Prompts", "itself")?;
        list.into_iter().map(Prompt::from_properties).collect()
    }

    /// Says when the list has changed.
    pub(crate) async fn prompt_changes(&self) -> Result<Changes> {
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(NAME)
            .path(ROOT)
            .interface(PROPERTIES)
            .member("PropertiesChanged")
            .add_arg(PROMPTS)
            .build();
        let stream = MessageStream::for_match_rule(rule.map_err(Error::from_bus)?, &self.0, None);
        stream.await.map(Changes).map_err(Error::from_bus)
    }

    /// Answers one, whoever shows it.
    pub(crate) async fn answer(&self, prompt: &str, yes: bool) -> Result<()> {
        self.call(ROOT, PROMPTS, "AnswerByCommand", &(prompt, yes))
            .await
    }
}

/// Changes of the list.
pub(crate) struct Changes(MessageStream);

impl Changes {
    /// The next one; nothing once the bus is gone.
    pub(crate) async fn next(&mut self) -> Option<()> {
        self.0.next().await?.ok().map(drop)
    }
}

impl Prompt {
    fn from_properties(mut all: HashMap<String, OwnedVariant>) -> Result<Self> {
        let mut text = |name| value(&mut all, name, "a prompt");
        Ok(Self {
            id: text("id")?,
            sandbox: text("sandbox")?,
            profile: text("profile")?,
            kind: text("kind")?,
            title: text("title")?,
            body: text("body")?,
            shown: text("shown")?,
            asked: value(&mut all, "asked", "a prompt")?,
        })
    }
}
