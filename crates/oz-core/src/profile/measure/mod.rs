//! A profile made to measure: from what is known of a program without running it to a proposal, each part of it with
//! its reason.
//!
//! Pure: facts in, proposal out. What a program's own file says may take something away, and never gives: a file can
//! claim whatever helps it. What its desktop entry says is believed as far as whoever installed that entry is.

mod needs;
mod template;
mod text;

use serde::{Deserialize, Serialize};

use super::files::DataPath;
use crate::wire::analysis::{Analysis, Kind};

pub use needs::{Needs, needs};
pub use text::text;

/// What is known of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its path, without links.
    pub path: String,
    /// What the user called it, without directories.
    pub name: String,
    /// It lies in a directory of the system's and only an administrator can change it.
    pub of_system: bool,
    /// The desktop entry that starts it.
    pub entry: Option<EntryFacts>,
    /// What its file says.
    pub analysis: Option<Analysis>,
    /// Which of the places in the user's home that an app of this name keeps its own data in are there.
    pub data: Vec<DataPath>,
}

/// What its desktop entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFacts {
    /// Its id.
    pub id: String,
    /// What the app calls itself.
    pub name: Option<String>,
    /// Its categories.
    pub categories: Vec<String>,
    /// It wants to be started in a terminal.
    pub terminal: bool,
    /// It lies in a directory of the system's.
    pub of_system: bool,
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Name of the profile.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Which template it rests on, and why.
    pub template: Choice,
    /// Which apps it is for.
    pub desktop: Vec<String>,
    /// Likewise.
    pub executables: Vec<String>,
    /// What differs from the template, in the order in which it is written.
    pub keys: Vec<Key>,
    /// What was thought of and left as the template has it.
    pub remarks: Vec<String>,
}

/// A template, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its name.
    pub template: String,
    /// A sentence without its end.
    pub why: String,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// `audio.speaker`.
    pub key: String,
    /// As in a profile.
    pub value: serde_json::Value,
    /// A sentence without its end.
    pub why: String,
}

impl Eq for Key {}

/// A program's name in the letters that names of profiles have.
#[must_use]
pub fn name_of(program: &str) -> String {
    let fit = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = program.chars().map(fit).collect();
    name.trim_matches('-').to_owned()
}

/// The template for a program that is about to be run without anybody having looked at a profile: one that gives more
/// than `generic` only if the administrator installed both the program and its desktop entry.
pub fn for_a_run(facts: &Facts) -> Choice {
    let choice = template::choose(facts);
    let installed = facts.of_system && facts.entry.as_ref().is_some_and(|entry| entry.of_system);
    if installed || !template::gives_more(&choice.template) {
        return choice;
    }
    let why = format!(
        "{}, but it was not installed for the whole system, so nobody vouches for that",
        choice.why
    );
    Choice {
        template: template::GENERIC.to_owned(),
        why,
    }
}

/// What fits a program.
pub fn propose(facts: &Facts, name: &str) -> Proposal {
    let template = template::choose(facts);
    let needs = needs(facts.analysis.as_ref());
    let entry = facts.entry.as_ref();
    let mut proposal = Proposal {
        name: name.to_owned(),
        description: description(facts),
        desktop: entry.iter().map(|entry| entry.id.clone()).collect(),
        executables: vec![executable(facts)],
        keys: Vec::new(),
        remarks: Vec::new(),
        template,
    };
    home(facts, &mut proposal);
    display(facts, &needs, &mut proposal);
    sound(facts, &needs, &mut proposal);
    network(facts, &needs, &mut proposal);
    system_calls(&needs, &mut proposal);
    if let Some(library) = needs.gpu.first() {
        proposal.remarks.push(format!(
            "graphics card: none. It can use one, by {library}, and draws without"
        ));
    }
    proposal
}

impl Proposal {
    fn say(&mut self, key: &str, value: impl Into<serde_json::Value>, why: impl Into<String>) {
        self.keys.push(Key {
            key: key.to_owned(),
            value: value.into(),
            why: why.into(),
        });
    }

    fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }
}

fn description(facts: &Facts) -> String {
    let name = facts.entry.as_ref().and_then(|entry| entry.name.clone());
    let name = name.unwrap_or_else(|| facts.name.clone());
    // It is shown wherever the profile is.
    crate::OsBytes::from(name.as_str()).to_string()
}

/// How a profile names it: system's programs by their name, others by their path.
fn executable(facts: &Facts) -> String {
    if facts.of_system {
        facts.name.clone()
    } else {
        facts.path.clone()
    }
}

fn home(facts: &Facts, proposal: &mut Proposal) {
    let data: Vec<String> = facts.data.iter().cloned().map(String::from).collect();
    let lasts = template::has_lasting_home(&proposal.template.template);
    if let Some(first) = data.first()
        && !lasts
        && proposal.template.template == template::GENERIC
    {
        let why = format!("it keeps something of its own: there is {first}");
        proposal.say("files.home", "private", why);
    } else if !lasts {
        proposal.remark("home: in memory, as the template has it; nothing of it lasts");
    }
    if !data.is_empty() {
        proposal.say(
            "files.data",
            data,
            "what it has kept so far; no sandbox sees it unless `oz enable --data` says so",
        );
    }
}

fn display(facts: &Facts, needs: &Needs, proposal: &mut Proposal) {
    if let Some(library) = needs.windows.first() {
        return proposal.remark(format!("windows: yes, by {library}"));
    }
    if facts.entry.as_ref().is_some_and(|entry| !entry.terminal) {
        return proposal.remark("windows: yes, since its desktop entry opens no terminal");
    }
    if needs.is_known && !facts.runs_others() {
        let why = "neither it nor a library that it needs can open a window";
        proposal.say("display.enabled", false, why);
    } else {
        proposal
            .remark("windows: as the template has it; what it runs cannot be told from its file");
    }
}

fn sound(facts: &Facts, needs: &Needs, proposal: &mut Proposal) {
    if !template::is_heard(&proposal.template.template) {
        return proposal.remark("sound: none, as the template has it");
    }
    if let Some(library) = needs.sound.first() {
        return proposal.remark(format!(
            "sound: it is heard, by {library}; it hears nothing"
        ));
    }
    if proposal.template.template != template::GENERIC || facts.says_that_it_sounds() {
        return proposal.remark("sound: it is heard, as the template has it; it hears nothing");
    }
    if needs.is_known && !facts.runs_others() {
        let why = "neither it nor a library that it needs plays sound";
        proposal.say("audio.speaker", "off", why);
    }
}

fn network(facts: &Facts, needs: &Needs, proposal: &mut Proposal) {
    if proposal.template.template == "browser" {
        return proposal.remark("network: the Internet, since that is what it is for; never this machine or its neighbours");
    }
    if let Some(category) = facts.category(template::TALKS) {
        // Only for who reads the proposal: a run has what its template has.
        let why = format!("its desktop entry says {category}");
        return proposal.say("network.mode", "internet", why);
    }
    let hint = match needs.network.first() {
        Some(library) => format!(
            "it could use one, by {library}, but nothing says that it must; `oz run --net internet` tries it"
        ),
        None => "nothing says that it needs one".to_owned(),
    };
    proposal.remark(format!("network: none. {}", sentence(&hint)));
}

fn system_calls(needs: &Needs, proposal: &mut Proposal) {
    if needs.is_chromium && proposal.template.template != "browser" {
        let why = "it is made of Chromium, by libffmpeg.so, which walls off its parts by itself";
        proposal.say("syscalls.list", "browser", why);
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        format!("{}{}", first.to_uppercase(), letters.as_str())
    })
}

/// Programs that do what a text says which they are given: what their own file needs says little.
const INTERPRETERS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "env", "python", "perl", "ruby", "lua",
    "node", "java", "mono", "wine", "make", "xargs", "find", "timeout", "nohup", "setsid",
    "script", "tmux", "screen",
];

impl Facts {
    /// Whether it starts programs that are not known.
    fn runs_others(&self) -> bool {
        let base = self.path.rsplit('/').next().unwrap_or_default();
        let named = |known: &&str| {
            let rest = base.strip_prefix(*known);
            rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        };
        let is_script = self
            .analysis
            .as_ref()
            .is_some_and(|it| it.kind == Kind::Script && it.modules.is_empty());
        is_script || INTERPRETERS.iter().any(named)
    }

    /// The first of its entry's categories that is among these.
    fn category(&self, known: &[&'static str]) -> Option<&'static str> {
        let entry = self.entry.as_ref()?;
        known
            .iter()
            .copied()
            .find(|known| entry.categories.iter().any(|said| said == known))
    }

    fn says_that_it_sounds(&self) -> bool {
        self.category(&["AudioVideo", "Audio", "Video", "Game"])
            .is_some()
    }
}

#[cfg(test)]
mod tests;
