//! Questions that wait for the person.

use std::collections::BTreeMap;

use oz_core::colour::Colour;

/// One question. The daemon has made what an app says in it fit to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Its number.
    pub id: String,
    /// Who asks.
    pub sandbox: String,
    /// By which profile.
    pub profile: String,
    /// The question.
    pub title: String,
    /// What else there is to know, in lines.
    pub body: String,
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
}
