//! What the panel knows, without any toolkit: sandboxes as the bus shows them, and the words for what they may do.

mod apps;
mod copies;
mod denial;
mod file;
mod forward;
mod learned;
mod permission;
mod picture;
mod prompt;
mod sandbox;
mod setting;
mod sound;
mod wall;

pub use apps::{App, Launcher, apps};
pub use copies::{Changed, Chosen, Copies, Decision, Difference, Line, Part, Review};
pub use denial::{Allow, Denial};
pub use file::{File, StillOpen};
pub use forward::words as forward_words;
pub use learned::{Line as LearnedLine, Proposal};
pub use oz_core::wire::audio::Levels;
pub use permission::{Permission, Verdict, permissions};
pub use picture::{Picture, Pictures};
pub use prompt::{Prompt, Prompts};
pub use sandbox::{Sandbox, State};
pub use setting::{Rule, Setting, rule_for, rule_key, rules};
pub use sound::{Microphone, Speaker, meter};
pub use wall::{Wall, summary as walls_summary};

use std::collections::BTreeMap;

/// What happens on the bus.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// These run, and no others.
    All(Vec<(String, Sandbox)>),
    /// One is there now.
    Added(String, Box<Sandbox>),
    /// So loud is one that somebody looks at.
    Levels(String, Levels),
    /// One has ended.
    Gone(String),
    /// This is kept of copies, and nothing else.
    Copies(Vec<Copies>),
    /// The daemon has ended; sandboxes go on, and nobody says what they do.
    NoDaemon,
}

/// What of the list has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Sandboxes that are there now or are different, by their paths on the bus.
    pub changed: Vec<String>,
    /// Sandboxes that are gone.
    pub gone: Vec<String>,
}

/// The sandboxes that run, by their paths on the bus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List(BTreeMap<String, Sandbox>);

impl List {
    /// One of them.
    pub fn get(&self, path: &str) -> Option<&Sandbox> {
        self.0.get(path)
    }

    /// The path of the one of this name.
    pub fn path_of(&self, id: &str) -> Option<&str> {
        let found = self.0.iter().find(|(_, sandbox)| sandbox.id == id);
        found.map(|(path, _)| path.as_str())
    }

    /// Whether none runs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in what has happened, and says what is different now.
    pub fn take(&mut self, event: Event) -> Change {
        match event {
            Event::All(all) => {
                let all: BTreeMap<_, _> = all.into_iter().collect();
                let gone = self.0.keys().filter(|path| !all.contains_key(*path));
                let change = Change {
                    gone: gone.cloned().collect(),
                    changed: all
                        .iter()
                        .filter(|(path, sandbox)| self.0.get(*path) != Some(sandbox))
                        .map(|(path, _)| path.clone())
                        .collect(),
                };
                self.0 = all;
                change
            }
            Event::Added(path, sandbox) => {
                let same = self.0.get(&path) == Some(&*sandbox);
                self.0.insert(path.clone(), *sandbox);
                Change {
                    changed: if same { Vec::new() } else { vec![path] },
                    gone: Vec::new(),
                }
            }
            // It is shown as it comes.
            Event::Levels(..) | Event::Copies(_) => Change::default(),
            Event::Gone(path) => Change {
                gone: self.0.remove(&path).map(|_| path).into_iter().collect(),
                changed: Vec::new(),
            },
            Event::NoDaemon => Change {
                gone: std::mem::take(&mut self.0).into_keys().collect(),
                changed: Vec::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(id: &str) -> Sandbox {
        Sandbox {
            id: id.into(),
            ..Sandbox::default()
        }
    }

    #[test]
    fn only_what_is_different_has_changed() {
        let mut list = List::default();
        let two = |a: &str, b: &str| {
            Event::All(vec![("/a".into(), sandbox(a)), ("/b".into(), sandbox(b))])
        };
        assert_eq!(list.take(two("a", "b")).changed, ["/a", "/b"]);
        assert_eq!(list.take(two("a", "b")), Change::default());
        assert_eq!(list.take(two("a", "c")).changed, ["/b"]);
        assert_eq!(list.path_of("c"), Some("/b"));
        let added = Event::Added("/d".into(), Box::new(sandbox("d")));
        assert_eq!(list.take(added.clone()).changed, ["/d"]);
        assert_eq!(list.take(added), Change::default());
        assert_eq!(list.take(Event::Gone("/a".into())).gone, ["/a"]);
        assert_eq!(list.take(Event::Gone("/a".into())), Change::default());
        let change = list.take(Event::All(vec![("/d".into(), sandbox("d"))]));
        assert_eq!(
            (change.gone, change.changed),
            (vec!["/b".to_owned()], vec![])
        );
        assert_eq!(list.take(Event::NoDaemon).gone, ["/d"]);
        assert!(list.is_empty());
    }
}
