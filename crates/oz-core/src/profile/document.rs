//! One file of a profile.

use schemars::JsonSchema;
use serde::Deserialize;

use super::tree::{self, Node, Value};
use super::{
    Audio, Bus, Diagnostic, Display, Environment, Files, Identity, Layer, Life, Limits, Match,
    Network, ProfileError, Syscalls, Text, Walls,
};

/// What one file can say: the sections, and how it relates to other files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// The schema, for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// Name of the template that holds for all keys that are not said here.
    pub extends: Option<String>,
    /// Keys or sections that layers above may not change (`network.mode`, `files`); only in the
    /// administrator's files.
    pub lock: Vec<String>,
    /// What it is for, one line for people.
    pub description: String,
    /// Which apps it is for.
    #[serde(rename = "match")]
    pub matches: Match,
    /// The user's files.
    pub files: Files,
    /// Variables.
    pub environment: Environment,
    /// Windows.
    pub display: Display,
    /// Speaker and microphone.
    pub audio: Audio,
    /// Network.
    pub network: Network,
    /// Message bus.
    pub bus: Bus,
    /// System calls.
    pub syscalls: Syscalls,
    /// Resources.
    pub limits: Limits,
    /// What the app learns of the machine.
    pub identity: Identity,
    /// When it ends.
    pub life: Life,
    /// What the machine must enforce.
    pub walls: Walls,
}

/// Checks one text by itself.
pub fn parse(text: &Text) -> Result<Document, ProfileError> {
    read(text).map(|(_, document)| document)
}

/// One text as a tree and as what it says.
pub(super) fn read(text: &Text) -> Result<(Node, Document), ProfileError> {
    let root = tree::read(text)?;
    let document = Document::deserialize(&root).map_err(|error| error.explain(text))?;
    refuse_out_of_place(text, &root)?;
    Ok((root, document))
}

/// Keys that are known but mean nothing in this kind of file.
fn refuse_out_of_place(text: &Text, root: &Node) -> Result<(), ProfileError> {
    let Value::Object(members) = &root.value else {
        return Ok(());
    };
    for member in members {
        let why = match member.key.as_str() {
            "match" if text.template => "a template is for others to extend and matches no app",
            "lock" if text.layer != Layer::Administrator => {
                "only the administrator's files can lock keys"
            }
            _ => continue,
        };
        return Err(ProfileError::Key(Box::new(
            Diagnostic::new(
                &text.path,
                &text.text,
                member.key_span.clone(),
                format!("the key {:?} cannot be said here", member.key),
            )
            .label(why)
            .help(Some("leave it out".to_owned())),
        )));
    }
    Ok(())
}
