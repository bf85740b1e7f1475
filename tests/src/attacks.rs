//! The suite of `oz-probe`: every attack that we know, in one run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::run::{Ran, Run};
use crate::session::Session;

/// How an attack went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It succeeded.
    Got,
    /// It did not.
    Refused,
    /// There was nothing to try it on.
    Untried,
}

/// An attack, as `oz-probe --list` tells it.
#[derive(Debug)]
pub struct Attack {
    /// What it is about; `leak` is what every app learns.
    pub class: String,
    /// The threat or advisory that it stands for.
    pub of: String,
    /// Why it may be impossible to show without a sandbox; empty if it always can be.
    pub unshown: String,
}

/// What came of a run.
#[derive(Debug)]
pub struct Results {
    /// Each attack's fate and what the probe said of it, by name.
    pub of: BTreeMap<String, (Word, String)>,
    /// What was changed outside, seen from outside.
    pub harm: Vec<String>,
    /// The whole output.
    pub ran: Ran,
}

/// A directory of the home with what the attacks need.
pub struct Suite {
    dir: PathBuf,
}

impl Suite {
    /// Makes the directory; its content comes with each run.
    pub fn new(session: &Session) -> Self {
        Self {
            dir: session.fresh_dir("attacked"),
        }
    }

    /// Every attack by name.
    pub fn list() -> BTreeMap<String, Attack> {
        let text = Run::new("oz-probe", ["--list"]).run().ok().text();
        let row = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, class, of, unshown] = fields[..] else {
                panic!("not a row of four: {line:?}");
            };
            let [class, of, unshown] = [class, of, unshown.trim_matches('-')].map(str::to_owned);
            (name.to_owned(), Attack { class, of, unshown })
        };
        text.lines().map(row).collect()
    }

    /// Runs all attacks by a command of which the last word is the probe; it is told to run all.
    fn run(&self, command: impl IntoIterator<Item = String>) -> Results {
        let probe = self.dir.join("read/oz-probe");
        let ran = Run::new("oz-probe", ["host"])
            .arg(&self.dir)
            .arg("--")
            .args(command)
            .arg(probe)
            .arg("--all")
            .within(Duration::from_secs(180))
            .run();
        Results::of(ran)
    }

    /// Without any sandbox.
    pub fn outside(&self) -> Results {
        // Something has to come before the probe.
        self.run(["env".to_owned()])
    }

    /// In a sandbox that follows a template or a profile, with a directory to read and one to write.
    pub fn inside(&self, template: &str) -> Results {
        self.inside_with(&["--profile", template])
    }

    /// The same in one that is started with these options.
    pub fn inside_with(&self, options: &[&str]) -> Results {
        let grant = |name: &str| self.dir.join(name).display().to_string();
        let words = ["oz", "run"].iter().chain(options).chain(&["--read"]);
        let words = words.map(|word| (*word).to_owned());
        let grants = [
            grant("read"),
            "--write".to_owned(),
            grant("share"),
            "--".to_owned(),
        ];
        self.run(words.chain(grants))
    }
}

impl Results {
    fn of(ran: Ran) -> Self {
        let mut of = BTreeMap::new();
        let mut harm = Vec::new();
        for line in ran.text().lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let word = match word {
                "got" => Word::Got,
                "refused" => Word::Refused,
                "untried" => Word::Untried,
                "harm" => {
                    harm.push(rest.to_owned());
                    continue;
                }
                _ => continue,
            };
            let (name, detail) = rest.split_once(' ').unwrap_or((rest, ""));
            of.insert(name.to_owned(), (word, detail.to_owned()));
        }
        Self { of, harm, ran }
    }

    /// How one went, and what it got or was told.
    ///
    /// # Panics
    /// The probe did not come to it.
    pub fn one(&self, attack: &str) -> &(Word, String) {
        let one = self.of.get(attack);
        one.unwrap_or_else(|| panic!("{attack} was not tried: {}", self.ran))
    }

    /// The names of those that succeeded, with what they got.
    pub fn got(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.of.iter();
        all.filter(|(_, (word, _))| *word == Word::Got)
            .map(|(name, (_, detail))| (name.as_str(), detail.as_str()))
    }
}
