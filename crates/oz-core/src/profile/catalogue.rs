//! All profiles and templates of an installation.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::merge::{self, Leaves, Locks};
use super::tree::{Member, Node, Value};
use super::{
    Diagnostic, Document, Layer, Match, Profile, ProfileError, Text, document, explain, suggest,
};

/// Most templates that one profile can rest on.
const MAX_CHAIN: usize = 16;

/// Directories of the system: an executable that lies there is known by its base name.
const SYSTEM_BIN: &[&str] = &[
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/games",
    "/usr/local",
    "/usr/lib",
    "/usr/libexec",
    "/opt",
    "/snap/bin",
];

/// Whether a path lies in a directory of the system's programs.
pub fn is_of_system(path: &Path) -> bool {
    SYSTEM_BIN.iter().any(|dir| path.starts_with(dir))
        && !path.components().any(|part| part.as_os_str() == "..")
}

/// All profiles and templates of an installation.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    entries: Vec<Entry>,
    /// Which apps each profile is for, sorted by name; broken ones match by name only.
    matches: Vec<(String, Match)>,
}

#[derive(Clone, Debug)]
struct Entry {
    text: Text,
    content: Result<(Node, Document), ProfileError>,
}

/// A profile or template by name: its texts, lowest layer first.
struct Link<'a> {
    entries: Vec<&'a Entry>,
}

/// Which layers count.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    All,
    WithoutUser,
}

impl Catalogue {
    /// Reads the texts; a broken one is reported when it is asked for, and harms no other.
    pub fn new(texts: Vec<Text>) -> Self {
        let mut entries: Vec<Entry> = texts
            .into_iter()
            .map(|text| Entry {
                content: document::read(&text),
                text,
            })
            .collect();
        entries.sort_by_key(|entry| entry.text.layer);
        let mut catalogue = Self {
            entries,
            matches: Vec::new(),
        };
        catalogue.matches = catalogue
            .app_names()
            .into_iter()
            .map(|name| {
                let matches = catalogue.resolve(&name).map(|profile| profile.matches);
                (name, matches.unwrap_or_default())
            })
            .collect();
        catalogue
    }

    fn app_names(&self) -> BTreeSet<String> {
        let apps = self.entries.iter().filter(|entry| !entry.text.template);
        apps.map(|entry| entry.text.name.clone()).collect()
    }

    /// The same with one more text, or with this one in place of that of the same name and layer:
    /// what would be if it were installed.
    pub fn with(self, text: Text) -> Self {
        let place = |text: &Text| (text.name.clone(), text.layer, text.template);
        let taken = place(&text);
        let others = self.entries.into_iter().map(|entry| entry.text);
        let mut texts: Vec<Text> = others.filter(|other| place(other) != taken).collect();
        texts.push(text);
        Self::new(texts)
    }

    /// Names of the profiles, sorted, without templates.
    pub fn names(&self) -> Vec<&str> {
        self.matches.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The profile for a profile's name, the id of a desktop entry (with or without `.desktop`),
    /// an executable's base name, or its absolute path.
    ///
    /// A path stands for its base name only in the system's directories: whatever calls itself
    /// firefox elsewhere does not get Firefox's home.
    pub fn find(&self, what: &str) -> Option<String> {
        let path = Path::new(what);
        let by_match = |test: &dyn Fn(&Match) -> bool| {
            let found = self.matches.iter().find(|(_, matches)| test(matches))?;
            Some(found.0.clone())
        };
        let by_executable =
            |name: &str| by_match(&|m| m.executables.iter().any(|known| known.as_str() == name));
        if path.is_absolute() {
            let base = path.file_name()?.to_str()?;
            let of_system = is_of_system(path);
            return by_executable(what)
                .or_else(|| of_system.then(|| by_executable(base)).flatten());
        }
        let id = what.strip_suffix(".desktop").unwrap_or(what);
        self.names()
            .contains(&what)
            .then(|| what.to_owned())
            .or_else(|| by_match(&|m| m.desktop.iter().any(|known| known.as_str() == id)))
            .or_else(|| by_executable(what))
    }

    /// The profile, or else the template, of that name, all layers and what it extends merged.
    pub fn resolve(&self, name: &str) -> Result<Profile, ProfileError> {
        let chain = self.chain(name, Scope::All)?;
        let mut locks = locks_of(&chain)?;
        // Without the user's files the profile may rest on other templates, whose locks hold too.
        let lower = match self.link(name, Scope::WithoutUser) {
            Some(_) => Some(self.chain(name, Scope::WithoutUser)?),
            None => None,
        };
        if let Some(lower) = &lower {
            locks.join(locks_of(lower)?);
        }
        let merged = merge_chain(&chain, &locks)?;
        if let Some(lower) = &lower
            && let Some(key) = locks.difference(&merge_chain(lower, &locks)?, &merged)
        {
            return Err(locked_by_extends(&chain, &key));
        }
        let tree = merge::tree(&merged);
        let document = Document::deserialize(&tree).map_err(|error| {
            let text = chain.last().and_then(|link| link.entries.last());
            match text {
                Some(entry) => error.explain(&entry.text),
                None => self.unknown(name),
            }
        })?;
        let mut profile = Profile::from_document(name.to_owned(), document);
        profile.origins = merged
            .iter()
            .map(|(key, leaf)| (key.clone(), leaf.origin()))
            .collect();
        profile.network_is_locked = locks.hold("network.mode");
        profile.home_is_locked = locks.hold("files.home");
        profile.locked_rules = locks.rules();
        profile.locks = locks.all();
        Ok(profile)
    }

    fn unknown(&self, name: &str) -> ProfileError {
        let names = self.entries.iter().map(|entry| entry.text.name.as_str());
        ProfileError::Unknown {
            name: name.to_owned(),
            suggestion: suggest::nearest(name, names).map(str::to_owned),
        }
    }

    fn texts(&self, name: &str, template: bool, scope: Scope) -> Option<Link<'_>> {
        let entries: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| entry.text.name == name && entry.text.template == template)
            .filter(|entry| scope == Scope::All || entry.text.layer != Layer::User)
            .collect();
        (!entries.is_empty()).then_some(Link { entries })
    }

    fn link(&self, name: &str, scope: Scope) -> Option<Link<'_>> {
        self.texts(name, false, scope)
            .or_else(|| self.texts(name, true, scope))
    }

    /// The profile and the templates that it rests on, the lowest first.
    fn chain(&self, name: &str, scope: Scope) -> Result<Vec<Link<'_>>, ProfileError> {
        let mut chain = vec![self.link(name, scope).ok_or_else(|| self.unknown(name))?];
        let mut seen = BTreeSet::new();
        if chain[0].entries.iter().any(|entry| entry.text.template) {
            seen.insert(name.to_owned());
        }
        while let Some((text, extends)) = chain[chain.len() - 1].extends()? {
            let at = |message: String| {
                let node = extends_member(text).map(|member| member.node.span.clone());
                Diagnostic::new(
                    &text.text.path,
                    &text.text.text,
                    node.unwrap_or(0..0),
                    message,
                )
            };
            if !seen.insert(extends.to_owned()) || chain.len() >= MAX_CHAIN {
                return Err(ProfileError::Extends(Box::new(
                    at(format!("the template {extends:?} extends itself"))
                        .label("closes the circle")
                        .help(Some(
                            "let it extend a more general template, or none".to_owned(),
                        )),
                )));
            }
            let Some(next) = self.texts(extends, true, scope) else {
                let templates = self.entries.iter().filter(|entry| entry.text.template);
                let names: BTreeSet<_> = templates.map(|entry| entry.text.name.as_str()).collect();
                let (names, hidden): (BTreeSet<_>, BTreeSet<_>) = names
                    .into_iter()
                    .partition(|name| self.texts(name, true, scope).is_some());
                let label = match suggest::nearest(extends, names.iter().copied()) {
                    _ if hidden.contains(extends) => {
                        "only the user has it, and this file is not the user's".to_owned()
                    }
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "not known".to_owned(),
                };
                let known: Vec<_> = names.into_iter().collect();
                return Err(ProfileError::Extends(Box::new(
                    at(format!("there is no template called {extends:?}"))
                        .label(label)
                        .help(Some(format!("the templates are {}", known.join(", ")))),
                )));
            };
            chain.push(next);
        }
        chain.reverse();
        Ok(chain)
    }
}

impl<'a> Link<'a> {
    /// What it extends, and the file that says so: the highest layer that says anything.
    fn extends(&self) -> Result<Option<(&'a Entry, &'a str)>, ProfileError> {
        let mut found = None;
        for entry in &self.entries {
            let (_, document) = entry.content()?;
            if let Some(extends) = &document.extends {
                found = Some((*entry, extends.as_str()));
            }
        }
        Ok(found)
    }
}

impl Entry {
    fn content(&self) -> Result<&(Node, Document), ProfileError> {
        self.content.as_ref().map_err(Clone::clone)
    }
}

fn extends_member(entry: &Entry) -> Option<&Member> {
    let (root, _) = entry.content.as_ref().ok()?;
    match &root.value {
        Value::Object(members) => members.iter().find(|member| member.key == "extends"),
        _ => None,
    }
}

fn locks_of(chain: &[Link<'_>]) -> Result<Locks, ProfileError> {
    let mut locks = Locks::default();
    let mut known = Vec::new();
    for entry in chain.iter().flat_map(|link| &link.entries) {
        let (_, document) = entry.content()?;
        if !document.lock.is_empty() && known.is_empty() {
            known = explain::keys();
        }
        locks.add(&entry.text, &document.lock, &known)?;
    }
    Ok(locks)
}

fn merge_chain<'a>(chain: &[Link<'a>], locks: &Locks) -> Result<Leaves<'a>, ProfileError> {
    let mut merged = Leaves::new();
    let mut before = Locks::default();
    let name = chain.last().map(|link| &link.entries[0].text.name);
    let is_last = |entry: &Entry| Some(&entry.text.name) == name;
    for entry in chain.iter().flat_map(|link| link.entries.iter().copied()) {
        let (root, document) = entry.content()?;
        let mut above = merge::leaves(&entry.text, root);
        if entry.text.template && !is_last(entry) {
            // What a template is for does not say what the app is for.
            above.remove("description");
        }
        merge::overlay(&mut merged, &entry.text, above, &before, locks)?;
        before.join(Locks::of(&document.lock));
    }
    Ok(merged)
}

/// The user's choice of another template changed a locked value.
fn locked_by_extends(chain: &[Link<'_>], key: &str) -> ProfileError {
    let entries = chain
        .iter()
        .rev()
        .flat_map(|link| link.entries.iter().rev());
    let mut of_user = entries.filter(|entry| entry.text.layer == Layer::User);
    let Some(entry) = of_user.find(|entry| extends_member(entry).is_some()) else {
        // Only a user's `extends` can change a value without saying it.
        return ProfileError::Unknown {
            name: key.to_owned(),
            suggestion: None,
        };
    };
    let span = extends_member(entry).map_or(0..0, |member| member.node.span.clone());
    ProfileError::Locked(Box::new(
        Diagnostic::new(
            &entry.text.path,
            &entry.text.text,
            span,
            format!("the administrator has locked {key}"),
        )
        .label("this template says otherwise")
        .help(Some(
            "remove the key \"extends\", or ask the administrator".to_owned(),
        )),
    ))
}
