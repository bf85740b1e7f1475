//! The session's own file dialog.

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
    let answer = portal.ask(method, &title, options(dialog)).await;
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
    let paths: Vec<Vec<u8>> = uris.iter().filter_map(|uri| path(uri)).collect();
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

/// The path of a file's address; none of any other address.
fn path(uri: &str) -> Option<Vec<u8>> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let mut path = Vec::with_capacity(rest.len());
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        path.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    (path.starts_with(b"/") && !path.contains(&0)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_file_is_its_path() {
        assert_eq!(path("file:///a%20b%FF").as_deref(), Some(&b"/a b\xff"[..]));
        assert_eq!(path("file://localhost/a").as_deref(), Some(&b"/a"[..]));
        for other in [
            "file://host/a",
            "http://a/",
            "file:///a%0",
            "file:///a%00b",
            "/a",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
    }
}
