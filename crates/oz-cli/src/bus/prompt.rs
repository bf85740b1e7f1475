//! A prompt that waits, as the bus shows it.

use std::collections::HashMap;

use zbus::OwnedVariant;

use super::{Bus, ROOT, value};
use crate::error::Result;

const PROMPTS: &str = "org.oz.Prompts1";

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
        let properties = "org.freedesktop.DBus.Properties";
        let list: OwnedVariant = self
            .call(ROOT, properties, "Get", &(PROMPTS, "Prompts"))
            .await?;
        let mut list = HashMap::from([("Prompts".to_owned(), list)]);
        let list: Vec<HashMap<String, OwnedVariant>> = value(&mut list, "Prompts", "itself")?;
        list.into_iter().map(Prompt::from_properties).collect()
    }

    /// Answers one, whoever shows it.
    pub(crate) async fn answer(&self, prompt: &str, yes: bool) -> Result<()> {
        self.call(ROOT, PROMPTS, "AnswerByCommand", &(prompt, yes))
            .await
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
