//! The session's own file dialog.

use oz_core::uri;
use oz_core::wire::dialog::{
    Choice, FILES_MAX, FileDialog, FileDialogAnswer, Filter, Kind, Response, Rule,
};
use zbus::Variant;

use super::host::{Options, Portal, Results};
use crate::daemon::Daemon;
use crate::sandbox::Sandbox;

const INTERFACE: &str = "org.freedesktop.portal.FileChooser";

/// Name, then globs (0) and types (1).
type RawFilter = (String, Vec<(u32, String)>);
/// Name, question, answers with their names, the answer at first.
type RawChoice = (String, String, Vec<(String, String)>, String);

/// Shows a dialog by the session's portal; none if it has none.
pub(super) async fn show(
    daemon: &Daemon,
    sandbox: &Sandbox,
    parent: Option<&str>,
    dialog: &FileDialog,
) -> Option<FileDialogAnswer> {
    let portal = Portal::find(daemon.bus.get()?, INTERFACE).await?;
    let method = match dialog.kind {
        Kind::Open => "OpenFile",
        Kind::Save => "SaveFile",
        Kind::SaveFiles => "SaveFiles",
    };
    // The dialog is a window of the host's, with no frame of the sandbox around it.
    let title = format!("[{}] {}", sandbox.id, dialog.title);
    let window = parent.map(|name| format!("wayland:{name}"));
    let window = window.unwrap_or_default();
    let answer = portal.ask(method, &window, &title, options(dialog)).await;
    Some(match answer {
        Some((0, results)) => picked(&results),
        Some((1, _)) => FileDialogAnswer::none(Response::Cancelled),
        _ => FileDialogAnswer::none(Response::Ended),
    })
}

fn options(dialog: &FileDialog) -> Options<'static> {
    let mut options = Options::new();
    options.insert("modal", Variant::from(dialog.modal));
    if let Some(label) = &dialog.accept_label {
        options.insert("accept_label", Variant::from(label.clone()));
    }
    if dialog.kind == Kind::Open {
        options.insert("multiple", Variant::from(dialog.multiple));
        options.insert("directory", Variant::from(dialog.directory));
    }
    if !dialog.filters.is_empty() {
        let filters: Vec<RawFilter> = dialog.filters.iter().map(raw_filter).collect();
        options.insert("filters", Variant::from(filters));
    }
    if let Some(filter) = &dialog.current_filter {
        options.insert("current_filter", Variant::new(raw_filter(filter)));
    }
    if !dialog.choices.is_empty() {
        let choices: Vec<RawChoice> = dialog.choices.iter().map(raw_choice).collect();
        options.insert("choices", Variant::from(choices));
    }
    if let Some(name) = &dialog.current_name {
        options.insert("current_name", Variant::from(name.clone()));
    }
    for (key, path) in [
        ("current_folder", &dialog.current_folder),
        ("current_file", &dialog.current_file),
    ] {
        if let Some(path) = path {
            options.insert(key, Variant::from(with_nul(path)));
        }
    }
    if dialog.kind == Kind::SaveFiles {
        let files: Vec<Vec<u8>> = dialog.files.iter().map(with_nul).collect();
        options.insert("files", Variant::from(files));
    }
    options
}

fn raw_filter(filter: &Filter) -> RawFilter {
    let rule = |rule: &Rule| match rule {
        Rule::Glob(text) => (0, text.clone()),
        Rule::Mime(text) => (1, text.clone()),
    };
    (filter.name.clone(), filter.rules.iter().map(rule).collect())
}

fn raw_choice(choice: &Choice) -> RawChoice {
    let Choice {
        id,
        label,
        options,
        chosen,
    } = choice.clone();
    (id, label, options, chosen)
}

/// As paths are on the bus.
fn with_nul(path: &Vec<u8>) -> Vec<u8> {
    [path.as_slice(), b"\0"].concat()
}

/// What was picked. The portal is the host's, and yet what it says is looked at like anybody's.
fn picked(results: &Results) -> FileDialogAnswer {
    let get = |key: &str| results.get(key).and_then(|value| value.try_clone().ok());
    let uris: Vec<String> = get("uris")
        .and_then(|value| value.try_into().ok())
        .unwrap_or_default();
    let path = |uri: &String| Some(uri::local_path(uri.as_bytes())?.as_bytes().to_vec());
    let paths: Vec<Vec<u8>> = uris.iter().filter_map(path).collect();
    let all = !paths.is_empty() && paths.len() == uris.len() && paths.len() <= FILES_MAX;
    if !all {
        return FileDialogAnswer::none(Response::Ended);
    }
    let raw: Option<RawFilter> = get("current_filter").and_then(|value| value.try_into().ok());
    let rule = |(kind, text)| match kind {
        0 => Rule::Glob(text),
        _ => Rule::Mime(text),
    };
    let filter = raw.map(|(name, rules)| Filter {
        name,
        rules: rules.into_iter().map(rule).collect(),
    });
    FileDialogAnswer {
        response: Response::Accepted,
        paths,
        choices: get("choices")
            .and_then(|value| value.try_into().ok())
            .unwrap_or_default(),
        current_filter: filter,
        // Older portals do not say it.
        writable: get("writable")
            .and_then(|value| value.try_into().ok())
            .unwrap_or(true),
    }
}
