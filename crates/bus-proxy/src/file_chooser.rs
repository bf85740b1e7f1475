//! `org.freedesktop.portal.FileChooser`: what an app says about a dialog, made into one frame.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.FileChooser.html>
//!
//! Of the window in front of which the dialog shall be the daemon finds out what the host calls it: what an app says is a
//! name of the display proxy's.

use std::sync::Arc;

use oz_core::OsBytes;
use oz_core::uri;
use oz_core::wire::dialog::{Choice, FileDialog, FileDialogAnswer, Filter, Kind, Response, Rule};
use oz_core::wire::portal::{Answer, Ask, PARENT_MAX};
use zbus::message::Header;
use zbus::{Connection, DeserializeDict, OwnedVariant, Type, Variant, fdo};

use crate::request::Results;
use crate::requests::{Handle, Requests};

/// The portal.
pub struct FileChooser(Arc<Requests>);

impl FileChooser {
    pub fn new(requests: Arc<Requests>) -> Self {
        Self(requests)
    }

    async fn ask(
        &self,
        bus: &Connection,
        header: &Header<'_>,
        token: Option<&str>,
        parent: &str,
        dialog: FileDialog,
    ) -> fdo::Result<Handle> {
        dialog
            .check()
            .map_err(|refused| fdo::Error::InvalidArgs(refused.to_string()))?;
        let kind = dialog.kind;
        let ask = Ask::Files {
            parent: window(parent),
            dialog: Box::new(dialog),
        };
        let word = move |answer| match answer {
            Answer::Files(answer) => (u8::from(answer.response).into(), results(kind, *answer)),
            Answer::Done(response) => (u8::from(response).into(), Results::new()),
        };
        self.0.ask(bus, header, token, (ask, None), word).await
    }
}

/// A filter: its name, and globs (0) and types (1).
type RawFilter = (String, Vec<(u32, String)>);
/// A choice: its name, the question, the answers with their names, the answer at first.
type RawChoice = (String, String, Vec<(String, String)>, String);

/// What can be said about any of them; what is unknown is ignored.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct Options {
    handle_token: Option<String>,
    accept_label: Option<String>,
    modal: Option<bool>,
    multiple: Option<bool>,
    directory: Option<bool>,
    filters: Option<Vec<RawFilter>>,
    current_filter: Option<RawFilter>,
    choices: Option<Vec<RawChoice>>,
    current_folder: Option<Vec<u8>>,
    current_name: Option<String>,
    current_file: Option<Vec<u8>>,
    files: Option<Vec<Vec<u8>>>,
}

#[zbus::interface(
    name = "org.freedesktop.portal.FileChooser",
    introspection_docs = false
)]
impl FileChooser {
    /// Picks files that exist, or directories.
    #[zbus(out_args("handle"))]
    async fn open_file(
        &self,
        parent_window: &str,
        title: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<Handle> {
        let token = options.handle_token.clone();
        let dialog = FileDialog {
            multiple: options.multiple.unwrap_or(false),
            directory: options.directory.unwrap_or(false),
            ..dialog(Kind::Open, title, options)?
        };
        self.ask(bus, &header, token.as_deref(), parent_window, dialog)
            .await
    }

    /// Picks a file, which need not exist.
    #[zbus(out_args("handle"))]
    async fn save_file(
        &self,
        parent_window: &str,
        title: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<Handle> {
        let token = options.handle_token.clone();
        let dialog = FileDialog {
            current_name: options.current_name.clone().filter(|name| !name.is_empty()),
            current_file: options.current_file.clone().map(path),
            ..dialog(Kind::Save, title, options)?
        };
        self.ask(bus, &header, token.as_deref(), parent_window, dialog)
            .await
    }

    /// Picks a directory for files of these names.
    #[zbus(out_args("handle"))]
    async fn save_files(
        &self,
        parent_window: &str,
        title: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &Connection,
    ) -> fdo::Result<Handle> {
        let token = options.handle_token.clone();
        let files = options.files.clone().unwrap_or_default();
        let dialog = FileDialog {
            files: files.into_iter().map(path).collect(),
            ..dialog(Kind::SaveFiles, title, options)?
        };
        self.ask(bus, &header, token.as_deref(), parent_window, dialog)
            .await
    }

    #[zbus(property(emits_changed_signal = "const"), name = "version")]
    fn version(&self) -> u32 {
        4
    }
}

/// The name of a window, if it is one of a display of the kind that there is inside.
fn window(parent: &str) -> Option<String> {
    let name = parent.strip_prefix("wayland:")?;
    let is_name = (1..=PARENT_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| name.to_owned())
}

/// What all three have in common.
fn dialog(kind: Kind, title: String, options: Options) -> fdo::Result<FileDialog> {
    let filters = options.filters.unwrap_or_default().into_iter().map(filter);
    let choice = |(id, label, options, chosen): RawChoice| Choice {
        id,
        label,
        options,
        chosen,
    };
    let choices = options.choices.unwrap_or_default().into_iter().map(choice);
    Ok(FileDialog {
        kind,
        title,
        accept_label: options.accept_label.filter(|label| !label.is_empty()),
        modal: options.modal.unwrap_or(true),
        multiple: false,
        directory: false,
        filters: filters.collect::<fdo::Result<_>>()?,
        current_filter: options.current_filter.map(filter).transpose()?,
        choices: choices.collect(),
        current_folder: options
            .current_folder
            .map(path)
            .filter(|path| !path.is_empty()),
        current_name: None,
        current_file: None,
        files: Vec::new(),
    })
}

fn filter((name, rules): RawFilter) -> fdo::Result<Filter> {
    let rule = |(kind, text)| match kind {
        0 => Ok(Rule::Glob(text)),
        1 => Ok(Rule::Mime(text)),
        _ => Err(fdo::Error::InvalidArgs(
            "a filter is of an unknown kind".to_owned(),
        )),
    };
    let rules = rules.into_iter().map(rule).collect::<fdo::Result<_>>()?;
    Ok(Filter { name, rules })
}

/// Paths end with a NUL on the bus.
fn path(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// The answer in the words of the portal.
fn results(kind: Kind, answer: FileDialogAnswer) -> Results {
    let mut results = Results::new();
    let mut put = |key, value: Variant<'_>| {
        if let Ok(value) = OwnedVariant::try_from(value) {
            results.insert(key, value);
        }
    };
    put("choices", Variant::from(answer.choices));
    if answer.response != Response::Accepted {
        return results;
    }
    let paths = answer.paths.into_iter().map(OsBytes::from);
    let uris: Vec<String> = paths.map(|path| uri::of_path(&path)).collect();
    put("uris", Variant::from(uris));
    if kind == Kind::Open {
        put("writable", Variant::from(answer.writable));
    }
    if let Some(filter) = answer.current_filter {
        let rule = |rule| match rule {
            Rule::Glob(text) => (0_u32, text),
            Rule::Mime(text) => (1, text),
        };
        let rules: Vec<(u32, String)> = filter.rules.into_iter().map(rule).collect();
        put("current_filter", Variant::new((filter.name, rules)));
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_a_plain_short_name_on_a_display_that_is_there() {
        assert_eq!(window("wayland:0aF9").as_deref(), Some("0aF9"));
        let long = format!("wayland:{}", "a".repeat(PARENT_MAX + 1));
        for none in ["", "wayland:", "x11:1", "wayland:a b", "wayland:a\n", &long] {
            assert_eq!(window(none), None, "{none:?}");
        }
    }

    #[test]
    fn paths_lose_the_nul_that_they_end_with_and_no_other() {
        assert_eq!(path(b"/a\0".to_vec()), b"/a");
        assert_eq!(path(b"/a\0\0".to_vec()), b"/a\0");
        assert_eq!(path(Vec::new()), b"");
    }
}
