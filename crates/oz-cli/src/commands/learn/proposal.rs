//! What trainings come to, beside what the profile says now; and saving it.

use std::collections::BTreeMap;

use oz_core::profile::learn::{Change, Findings, propose};
use oz_core::profile::measure::{self, Facts};
use oz_core::profile::{Layer, Profile, Text};
use oz_host::profile_edit;
use oz_host::profiles::Directories;
use oz_host::training::{Base, Training};
use serde::Serialize;
use serde_json::Value;

use super::super::profile::{catalogue, drawn};
use super::host;
use crate::ask;
use crate::error::{Error, Result};
use crate::launch::{self, Options};
use crate::out;

/// What trainings come to.
pub(super) struct Proposal {
    name: String,
    base: Base,
    /// The text of the profile, if there is none yet.
    new: Option<String>,
    runs: usize,
    /// What holds now.
    before: BTreeMap<String, String>,
    findings: Findings,
}

/// `--json`.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    /// The profile under which it was trained, or the template.
    under: &'a str,
    /// How many runs.
    runs: usize,
    /// The text of the profile that would be made. Absent: there is one.
    new: Option<&'a str>,
    changes: Vec<ShownChange<'a>>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct ShownChange<'a> {
    key: &'a str,
    /// Absent: nothing is said of it.
    before: Option<&'a str>,
    after: &'a Value,
    why: &'a str,
    /// It needs a yes of its own, for this.
    gives: Option<&'a str>,
}

impl Proposal {
    pub(super) async fn of(name: &str, training: &Training) -> Result<Self> {
        let base = training.base().ok_or_else(|| {
            Error::failed(
                format!("{name} was not trained."),
                format!("`oz learn {name}` trains it."),
            )
        })?;
        let seen = training.fold().map_err(|error| Error::advised(&error))?;
        let (profile, new, names) = profile(name, &base)?;
        let plan = plan(name, &base).await?;
        let given = training.given();
        let host = host::look(&profile, names, &seen, &plan, &given)?;
        let before = profile
            .explain()
            .into_iter()
            .map(|(key, value, _)| (key, value))
            .collect();
        Ok(Self {
            name: name.to_owned(),
            findings: propose(&profile, &seen, &host),
            runs: seen.runs,
            base,
            new,
            before,
        })
    }

    fn under(&self) -> &str {
        let template = self.base.template.as_ref();
        template.map_or(&self.name, |choice| &choice.template)
    }

    pub(super) fn show(&self, json: bool) -> Result<()> {
        if json {
            let changes = self.findings.changes.iter().map(|change| ShownChange {
                key: &change.key,
                before: self.before.get(&change.key).map(String::as_str),
                after: &change.value,
                why: &change.why,
                gives: change.gives.as_deref(),
            });
            return out::json(&Shown {
                name: &self.name,
                under: self.under(),
                runs: self.runs,
                new: self.new.as_deref(),
                changes: changes.collect(),
                remarks: &self.findings.remarks,
            });
        }
        out::text(&self.text())
    }

    /// For people: the lines that would change, those that need a yes of their own behind the others.
    fn text(&self) -> String {
        let runs = if self.runs == 1 {
            "one run"
        } else {
            &format!("{} runs", self.runs)
        };
        let mut text = format!("{}, {runs} under {}\n", self.name, self.under());
        let (gives, takes): (Vec<&Change>, Vec<_>) = self
            .findings
            .changes
            .iter()
            .partition(|change| change.gives.is_some());
        if self.findings.changes.is_empty() {
            text.push_str("nothing would change\n");
        }
        for change in takes {
            text.push_str(&self.lines(change));
        }
        if !gives.is_empty() {
            text.push_str("\nEach of these gives something, which a file that it opened may have wanted; each needs a yes of its own:\n");
        }
        for change in gives {
            text.push_str(&self.lines(change));
        }
        for remark in &self.findings.remarks {
            text.push_str(&format!("  {}.\n", out::safe(remark)));
        }
        text
    }

    fn lines(&self, change: &Change) -> String {
        let key = out::safe(&change.key);
        let before = self.before.get(&change.key);
        let before = before.map(|before| format!("- {key}: {}\n", out::safe(before)));
        let gives = change.gives.as_ref().map(|gives| format!("; {gives}"));
        format!(
            "{}+ {key}: {}\n    {}{}.\n",
            before.unwrap_or_default(),
            out::safe(&short(&change.value)),
            out::safe(&change.why),
            gives.unwrap_or_default()
        )
    }

    /// Saves what is said yes to.
    pub(super) fn save(&self, yes: bool, give: &[String]) -> Result<()> {
        let known = |key: &&String| {
            !self
                .findings
                .changes
                .iter()
                .any(|change| change.key == **key)
        };
        if let Some(unknown) = give.iter().find(known) {
            return Err(Error::usage(
                format!("{} is not proposed.", out::safe(unknown)),
                format!("`oz learn --show {}` shows what is.", self.name),
            ));
        }
        let takes: Vec<&Change> = self
            .findings
            .changes
            .iter()
            .filter(|change| change.gives.is_none())
            .collect();
        let mut chosen = Vec::new();
        if !takes.is_empty() && (yes || ask::yes("Save what takes away?")?) {
            chosen.extend(takes);
        }
        for change in &self.findings.changes {
            if let Some(gives) = &change.gives {
                let question = format!("Save {} as well ({gives})?", out::safe(&change.key));
                if give.contains(&change.key) || (!yes && give.is_empty() && ask::yes(&question)?) {
                    chosen.push(change);
                }
            }
        }
        if chosen.is_empty() {
            out::note("nothing is saved");
            return Ok(());
        }
        let directories = Directories::of_this_installation();
        let changes: Vec<profile_edit::Change> = chosen
            .iter()
            .map(|change| profile_edit::Change {
                key: change.key.clone(),
                value: Some(change.value.clone()),
            })
            .collect();
        let saved = profile_edit::save(&directories, &self.name, self.new.as_deref(), &changes);
        saved.map_err(|error| Error::advised(&error))?;
        out::note(&format!(
            "saved in the profile {}: `oz run {}` follows it",
            self.name, self.name
        ));
        Ok(())
    }
}

/// A value for people: of a long list its beginning, and how long it is.
fn short(value: &Value) -> String {
    const MOST: usize = 6;
    match value {
        Value::Array(all) if all.len() > MOST => {
            let first: Vec<String> = all.iter().take(MOST).map(Value::to_string).collect();
            format!("[{}, … {} in all]", first.join(","), all.len())
        }
        other => other.to_string(),
    }
}

/// The profile as it is, or as it would be made, and names that the app's directories can have.
fn profile(name: &str, base: &Base) -> Result<(Profile, Option<String>, Vec<String>)> {
    let catalogue = catalogue()?;
    let facts = oz_host::measure::facts(base.command.as_ref());
    let is_known = catalogue.names().contains(&name);
    let (catalogue, new) = if is_known {
        (catalogue, None)
    } else {
        let facts: &Facts = facts.as_ref().map_err(Error::advised)?;
        let text = measure::text(&measure::propose(facts, name));
        let text_of = Text {
            name: name.to_owned(),
            layer: Layer::User,
            path: format!("{name}.json").into(),
            text: text.clone(),
            template: false,
        };
        (catalogue.with(text_of), Some(text))
    };
    let profile = catalogue.resolve(name).map_err(|error| drawn(&error))?;
    let mut names = vec![name.to_owned()];
    let executables = profile.matches.executables.iter().map(|name| name.as_str());
    let ids = profile.matches.desktop.iter().map(|id| id.as_str());
    for word in executables.chain(ids) {
        names.extend(word.rsplit('/').next().map(str::to_owned));
        names.extend(word.rsplit('.').next().map(str::to_owned));
    }
    names.extend(facts.ok().map(|facts| facts.name));
    Ok((profile, new, names))
}

/// The plan under which it was trained.
async fn plan(name: &str, base: &Base) -> Result<Value> {
    let mut options = Options::default();
    launch::session(&mut options);
    let argv = match (&base.profile, &base.template) {
        (Some(_), _) => launch::app(vec![name.into()], &mut options)?,
        (None, template) => {
            options.profile = template.as_ref().map(|choice| choice.template.clone());
            launch::command(vec![base.command.clone().into()])
        }
    };
    let json = launch::plan(argv, options).await?;
    Ok(serde_json::from_str(&json).unwrap_or_default())
}
