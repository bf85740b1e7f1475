//! Questions that wait for the person.

use std::collections::BTreeMap;

use oz_core::colour::Colour;
use oz_core::said::Said;

use crate::words::{tr, tr_with};

/// How much of a program's name is shown.
const PROGRAM: usize = 64;

/// One question. The daemon has made what an app says in it fit to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Its number.
    pub id: String,
    /// Which sandbox asks.
    pub sandbox: String,
    /// What people call it.
    pub name: String,
    /// By which profile.
    pub profile: String,
    /// What it is about: `microphone`, `files`, or what a later daemon asks.
    pub kind: String,
    /// The question, in English.
    pub title: String,
    /// What else there is to know, in lines, in English.
    pub body: String,
    /// What the program calls itself that wants the microphone.
    pub program: Option<String>,
    /// What was copied would go out of the sandbox.
    pub out: bool,
    /// The name of an icon.
    pub icon: String,
    /// Where it is shown: `agent`, `notification`, or nowhere yet.
    pub shown: String,
}

impl Prompt {
    /// The colour of the sandbox that asks.
    pub fn colour(&self) -> Colour {
        Colour::of_profile(&self.profile)
    }

    /// The question in the language of the person, if its kind is known; else the daemon's own words.
    pub fn title_words(&self) -> String {
        match self.kind.as_str() {
            "microphone" => tr_with("Let “{app}” use the microphone?", &[("app", &self.name)]),
            "copy" if self.out => tr_with(
                "Let another program read what was copied in “{app}”?",
                &[("app", &self.name)],
            ),
            "copy" => tr_with(
                "Let “{app}” read what you have copied?",
                &[("app", &self.name)],
            ),
            "secrets" => tr_with(
                "Start “{app}” with protected places and a network?",
                &[("app", &self.name)],
            ),
            _ => self.title.clone(),
        }
    }

    /// What else there is to know, likewise.
    pub fn body_words(&self) -> String {
        match self.kind.as_str() {
            "microphone" => {}
            "copy" if self.out => {
                return tr(
                    "Some program of the desktop wants to have it. The answer is for this copy only.",
                );
            }
            "copy" => {
                return tr(
                    "It was copied outside of its windows. The answer is for this copy only.",
                );
            }
            "secrets" => {
                let words = tr(
                    "It can read these and send them to anybody; only what it changes stays in its copy.",
                );
                // Which they are.
                let rest = self.body.split_once('\n').map(|(_, rest)| rest);
                return format!("{words}\n{}", rest.unwrap_or_default());
            }
            _ => return self.body.clone(),
        }
        let mut body = tr("It hears you until you turn the microphone off again.");
        let program = self.program.as_ref();
        if let Some(program) = program.and_then(|name| Said::new(name.as_bytes(), PROGRAM)) {
            let quoted = program.quoted();
            body.push('\n');
            body.push_str(&tr_with(
                "The program calls itself {program}",
                &[("program", &quoted)],
            ));
        }
        body
    }
}

/// All that wait: those that the daemon has given us to show, and those that somebody else shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    ours: BTreeMap<String, Prompt>,
    others: BTreeMap<String, Prompt>,
}

impl Prompts {
    /// The daemon wants us to show one.
    pub fn show(&mut self, prompt: Prompt) {
        self.ours.insert(prompt.id.clone(), prompt);
    }

    /// It does not want that any more.
    pub fn withdraw(&mut self, id: &str) {
        self.ours.remove(id);
    }

    /// All that wait now, whoever shows them. What nobody shows yet may be given to us next.
    pub fn list(&mut self, all: Vec<Prompt>) {
        self.ours
            .retain(|id, _| all.iter().any(|prompt| prompt.id == *id));
        let shown = all
            .into_iter()
            .filter(|prompt| prompt.shown == "notification");
        self.others = shown.map(|prompt| (prompt.id.clone(), prompt)).collect();
    }

    /// There is no daemon: nobody asks any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What a person can answer here.
    pub fn waiting(&self) -> Vec<Prompt> {
        let others = self
            .others
            .iter()
            .filter(|(id, _)| !self.ours.contains_key(*id));
        self.ours
            .iter()
            .chain(others)
            .map(|(_, prompt)| prompt.clone())
            .collect()
    }

    /// Whether its answer is ours to give, as the one who shows it.
    pub fn is_ours(&self, id: &str) -> bool {
        self.ours.contains_key(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(id: &str, shown: &str) -> Prompt {
        Prompt {
            id: id.into(),
            shown: shown.into(),
            ..Prompt::default()
        }
    }

    fn ids(prompts: &Prompts) -> Vec<String> {
        prompts
            .waiting()
            .into_iter()
            .map(|prompt| prompt.id)
            .collect()
    }

    #[test]
    fn what_we_show_and_what_a_notification_shows_can_be_answered() {
        let mut prompts = Prompts::default();
        prompts.show(prompt("1", ""));
        assert!(prompts.is_ours("1"));
        prompts.list(vec![
            prompt("1", ""),
            prompt("2", ""),
            prompt("3", "notification"),
            prompt("4", "agent"),
        ]);
        assert_eq!(ids(&prompts), ["1", "3"]);
        assert!(!prompts.is_ours("3"));
        // A notification takes over.
        prompts.withdraw("1");
        prompts.list(vec![prompt("1", "notification")]);
        assert_eq!(ids(&prompts), ["1"]);
        assert!(!prompts.is_ours("1"));
        prompts.list(Vec::new());
        assert_eq!(prompts, Prompts::default());
    }

    #[test]
    fn what_was_answered_elsewhere_is_gone() {
        let mut prompts = Prompts::default();
        prompts.show(prompt("1", ""));
        prompts.list(vec![prompt("2", "")]);
        assert!(ids(&prompts).is_empty());
    }

    #[test]
    fn a_kind_that_is_known_is_asked_in_the_words_of_the_person_and_others_in_the_daemons() {
        let mut prompt = Prompt {
            sandbox: "foot-2".into(),
            name: "Foot (foot-2)".into(),
            kind: "microphone".into(),
            program: Some("pa\nrec”".into()),
            title: "As the daemon asks".into(),
            body: "In its words".into(),
            ..Prompt::default()
        };
        assert_eq!(
            prompt.title_words(),
            "Let “Foot (foot-2)” use the microphone?"
        );
        assert!(
            prompt
                .body_words()
                .ends_with("\nThe program calls itself “pa rec'”")
        );
        prompt.kind = "copy".into();
        assert_eq!(
            prompt.title_words(),
            "Let “Foot (foot-2)” read what you have copied?"
        );
        prompt.out = true;
        assert!(prompt.title_words().contains("copied in “Foot (foot-2)”"));
        prompt.kind = "weather".into();
        assert_eq!(prompt.title_words(), "As the daemon asks");
        assert_eq!(prompt.body_words(), "In its words");
    }
}
