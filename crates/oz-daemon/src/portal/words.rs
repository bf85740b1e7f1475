//! What of an app's words about a dialog a person sees, and the host hears.
//!
//! Texts are on one line, capped, and cannot turn the reading direction; who shows them says whose they are. What is
//! not read by a person (what an app calls its choices) does not leave the daemon at all: the host gets numbers instead.
//! A place is suggested only if the sandbox holds something there: an app that could name any, and a file in it, would
//! need but one careless key to write over it. So it is with a name for a new file, which is suggested only to
//! somebody who uses the app.

use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::{Access, Plan};
use oz_core::wire::dialog::{Choice, FileDialog, FileDialogAnswer, Filter, Kind, Response, Rule};

use crate::grants::Grant;
use oz_core::said::Said;

/// Most characters of a title, and of other texts.
const TITLE: usize = 80;
const TEXT: usize = 60;

/// What the daemon knows of a dialog by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    /// It is in front of a window of the app.
    pub(super) has_parent: bool,
    /// The person has just done something in a window of the app.
    pub(super) acted: bool,
}

/// A dialog as it is shown, and what its parts are to the app.
pub(super) struct Words<'a> {
    pub(super) shown: FileDialog,
    /// The app's filters, in the order of those that are shown.
    filters: Vec<&'a Filter>,
    choices: &'a [Choice],
}

/// What the sandbox has of the user's files.
pub(super) struct Held(Vec<(PathBuf, Access)>);

impl Held {
    pub(super) fn new(grants: &[Grant], plan: &Plan) -> Self {
        let shared = plan.shares().map(|bind| (bind.path.clone(), bind.access));
        Self(Self::granted(grants).chain(shared).collect())
    }

    fn granted(grants: &[Grant]) -> impl Iterator<Item = (PathBuf, Access)> {
        let place = |grant: &Grant| (grant.path.as_path().to_owned(), grant.access);
        grants.iter().map(place)
    }

    /// Whether something of this directory is the sandbox's: a file or directory in it, or it itself.
    fn knows(&self, folder: &Path) -> bool {
        let holds = |path: &Path| folder.starts_with(path) || path.parent() == Some(folder);
        is_straight(folder) && self.0.iter().any(|(path, _)| holds(path))
    }

    /// Whether it may be changed anyway.
    fn may_write(&self, file: &Path) -> bool {
        let held = self.0.iter();
        is_straight(file)
            && held
                .filter(|(_, access)| *access == Access::Write)
                .any(|(path, _)| file.starts_with(path))
    }
}

/// Whether a path leads down all the way.
fn is_straight(path: &Path) -> bool {
    let mut parts = path.components();
    parts.all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

impl<'a> Words<'a> {
    /// None if there is nothing in it that could be shown.
    pub(super) fn new(asked: &'a FileDialog, held: &Held, about: About) -> Option<Self> {
        let all = asked.filters.iter().chain(
            // One that is not among them is shown alone.
            asked
                .current_filter
                .iter()
                .filter(|_| asked.filters.is_empty()),
        );
        let shown = all.filter_map(|filter| Some((filter, shown_filter(filter)?)));
        let (filters, shown_filters): (Vec<_>, Vec<_>) = shown.unzip();
        let is_current = |filter: &&&Filter| Some(**filter) == asked.current_filter.as_ref();
        let current = filters.iter().position(|filter| is_current(&filter));
        let (current_folder, current_name, current_file) = places(asked, held, about);
        let names_are_plain = asked.files.iter().all(|name| is_plain(name));
        if !names_are_plain || (asked.kind == Kind::SaveFiles && asked.files.is_empty()) {
            return None;
        }
        let shown = FileDialog {
            kind: asked.kind,
            title: title(asked),
            accept_label: asked.accept_label.as_deref().and_then(text),
            // Without one there is no window that it could keep from being used.
            modal: asked.modal && about.has_parent,
            multiple: asked.multiple,
            directory: asked.directory,
            current_filter: current.and_then(|at| shown_filters.get(at).cloned()),
            filters: shown_filters,
            choices: asked.choices.iter().enumerate().map(shown_choice).collect(),
            current_folder,
            current_name,
            current_file,
            files: asked.files.clone(),
        };
        Some(Self {
            shown,
            filters,
            choices: &asked.choices,
        })
    }

    /// The answer in the app's own words.
    pub(super) fn understand(&self, answer: FileDialogAnswer) -> FileDialogAnswer {
        let choice = |(question, answer): &(String, String)| {
            let choice = self.choices.get(number(question)?)?;
            let answer = match choice.options.is_empty() {
                true => ["true", "false"].into_iter().find(|word| word == answer)?,
                false => choice.options.get(number(answer)?)?.0.as_str(),
            };
            Some((choice.id.clone(), answer.to_owned()))
        };
        let filter = |filter: Filter| {
            let at = self.shown.filters.iter().position(|one| *one == filter)?;
            self.filters.get(at).map(|filter| (*filter).clone())
        };
        let accepted = answer.response == Response::Accepted;
        FileDialogAnswer {
            choices: answer.choices.iter().filter_map(choice).collect(),
            current_filter: answer.current_filter.and_then(filter),
            paths: answer.paths,
            writable: answer.writable && accepted,
            response: answer.response,
        }
    }
}

/// What the app calls it.
fn title(asked: &FileDialog) -> String {
    let own = match (asked.kind, asked.directory) {
        (Kind::Open, false) => "Open",
        (Kind::Open, true) => "Open Folder",
        (Kind::Save, _) => "Save",
        (Kind::SaveFiles, _) => "Save Files",
    };
    let said = Said::new(asked.title.as_bytes(), TITLE);
    said.as_ref().map_or(own, Said::as_str).to_owned()
}

fn text(untrusted: &str) -> Option<String> {
    Said::new(untrusted.as_bytes(), TEXT).map(|said| said.as_str().to_owned())
}

/// Whether a name can be shown as it is.
fn is_plain(name: &[u8]) -> bool {
    let said = Said::new(name, name.len());
    said.is_some_and(|said| said.as_str().as_bytes() == name)
}

fn shown_filter(filter: &Filter) -> Option<Filter> {
    let is_mime = |mime: &str| {
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || b"/+-.*_".contains(&b);
        mime.contains('/') && mime.bytes().all(is_letter)
    };
    let rules = filter.rules.iter().filter(|rule| match rule {
        Rule::Glob(glob) => !glob.is_empty() && is_plain(glob.as_bytes()),
        Rule::Mime(mime) => is_mime(mime),
    });
    let rules: Vec<Rule> = rules.cloned().collect();
    let name = text(&filter.name)?;
    (!rules.is_empty()).then_some(Filter { name, rules })
}

fn shown_choice((at, choice): (usize, &Choice)) -> Choice {
    let label = |label: &str| text(label).unwrap_or_else(|| "?".to_owned());
    let options = choice.options.iter().enumerate();
    let chosen = choice
        .options
        .iter()
        .position(|(id, _)| *id == choice.chosen);
    Choice {
        id: at.to_string(),
        label: label(&choice.label),
        options: options
            .map(|(at, (_, option))| (at.to_string(), label(option)))
            .collect(),
        chosen: match (choice.options.is_empty(), chosen) {
            (true, _) => (choice.chosen == "true").to_string(),
            (false, chosen) => chosen.unwrap_or(0).to_string(),
        },
    }
}

fn number(id: &str) -> Option<usize> {
    id.parse().ok()
}

/// Folder, name and file that are suggested.
type Places = (Option<Vec<u8>>, Option<String>, Option<Vec<u8>>);

fn places(asked: &FileDialog, held: &Held, about: About) -> Places {
    let path = |bytes: &Vec<u8>| OsBytes::from(bytes.clone());
    let known = |folder: &Path| {
        held.knows(folder)
            .then(|| folder.as_os_str().as_bytes().to_vec())
    };
    let file = asked.current_file.as_ref().map(path);
    let file = file.as_ref().map(OsBytes::as_path);
    let folder = asked.current_folder.as_ref().map(path);
    let folder = folder.as_ref().map(OsBytes::as_path);
    let folder = folder.or_else(|| file.and_then(Path::parent));
    let name = file
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    let name = asked.current_name.as_deref().or(name);
    // Whoever types elsewhere at that moment would make a file of that name by one key.
    let name = name.filter(|_| about.acted);
    let name = name.filter(|name| is_plain(name.as_bytes()) && !name.starts_with('.'));
    let file = file.filter(|file| held.may_write(file));
    (
        folder.and_then(known),
        name.map(str::to_owned),
        file.map(|file| file.as_os_str().as_bytes().to_vec()),
    )
}

#[cfg(test)]
mod tests;
