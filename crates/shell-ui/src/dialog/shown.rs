//! What a person reads in the dialog.

use oz_core::colour::Colour;
use oz_core::said::Said;
use oz_core::wire::dialog::{Asked, Choice, FileDialog, Filter, Kind};

use crate::words::{tr, tr_count, tr_with};

/// Longest text of an app that is shown, in characters.
const TEXT: usize = 80;
/// Longest text of an app on a button.
const BUTTON: usize = 24;
/// How many names of files that will be made are shown.
const NAMES: usize = 5;

/// All words of one dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Of the window.
    pub title: String,
    /// Who asks for what, in a sentence of ours.
    pub heading: String,
    /// What the app says about it, quoted, in lines.
    pub said: Vec<String>,
    /// On the button that accepts.
    pub accept: String,
    /// The colour of the sandbox.
    pub colour: Option<Colour>,
    /// Names of filters, in the order of the filters themselves.
    pub filters: Vec<String>,
    /// Labels of choices, and of their options.
    pub choices: Vec<(String, Vec<String>)>,
}

impl Shown {
    /// The words for a dialog that was asked for.
    pub fn new(asked: &Asked) -> Self {
        let dialog = &asked.dialog;
        let sandbox = plain(&asked.sandbox);
        let name = asked.name.as_deref().map_or_else(|| sandbox.clone(), plain);
        let (what, heading) = kind(dialog, &name);
        Self {
            title: format!("[{sandbox}] {what}"),
            heading,
            said: said(dialog),
            accept: accept(dialog),
            colour: asked.colour.as_deref().and_then(|text| text.parse().ok()),
            filters: filters(dialog).iter().map(|f| plain(&f.name)).collect(),
            choices: dialog.choices.iter().map(choice).collect(),
        }
    }
}

/// The filters that a person can choose from; one that is given alone is the only one.
pub(super) fn filters(dialog: &FileDialog) -> Vec<&Filter> {
    let given = dialog.filters.iter();
    let alone = dialog
        .current_filter
        .iter()
        .filter(|_| dialog.filters.is_empty());
    given.chain(alone).collect()
}

/// What the window is for, and the sentence in it.
fn kind(dialog: &FileDialog, name: &str) -> (String, String) {
    let fill = [("app", name)];
    match (dialog.kind, dialog.directory, dialog.multiple) {
        (Kind::Open, false, false) => {
            (tr("Choose a File"), tr_with("{app} asks for a file", &fill))
        }
        (Kind::Open, false, true) => (tr("Choose Files"), tr_with("{app} asks for files", &fill)),
        (Kind::Open, true, false) => (
            tr("Choose a Folder"),
            tr_with("{app} asks for a folder", &fill),
        ),
        (Kind::Open, true, true) => (
            tr("Choose Folders"),
            tr_with("{app} asks for folders", &fill),
        ),
        (Kind::Save, ..) => (
            tr("Save a File"),
            tr_with("{app} asks where to save a file", &fill),
        ),
        (Kind::SaveFiles, ..) => {
            let files = tr_count("{n} file", "{n} files", dialog.files.len());
            let fill = [("app", name), ("files", files.as_str())];
            let heading = tr_with("{app} asks in which folder to save {files}", &fill);
            (tr("Save Files"), heading)
        }
    }
}

fn said(dialog: &FileDialog) -> Vec<String> {
    let title = Said::new(dialog.title.as_bytes(), TEXT);
    let names = dialog.files.iter().filter_map(|name| Said::new(name, TEXT));
    let mut lines: Vec<String> = title
        .iter()
        .chain(&names.take(NAMES).collect::<Vec<_>>())
        .map(Said::quoted)
        .collect();
    if dialog.files.len() > NAMES {
        lines.push("…".to_owned());
    }
    lines
}

/// Our own word, or the app's in quotation marks.
fn accept(dialog: &FileDialog) -> String {
    let own = match (dialog.kind, dialog.directory) {
        (Kind::Open, false) => tr("_Open"),
        (Kind::Open, true) => tr("_Choose"),
        (Kind::Save | Kind::SaveFiles, _) => tr("_Save"),
    };
    let plain_own = own.replacen('_', "", 1);
    let app = dialog
        .accept_label
        .as_ref()
        .map(|label| label.replacen('_', "", 1));
    match app.and_then(|label| Said::new(label.as_bytes(), BUTTON)) {
        Some(label) if label.as_str() != plain_own => label.quoted().replace('_', "__"),
        _ => own,
    }
}

fn choice(choice: &Choice) -> (String, Vec<String>) {
    let label = Said::new(choice.label.as_bytes(), TEXT);
    let label = label.map_or_else(String::new, |label| label.quoted());
    let options = choice.options.iter().map(|(_, label)| plain(label));
    (label, options.collect())
}

/// In a list of its own, where quotation marks say nothing.
fn plain(text: &str) -> String {
    Said::new(text.as_bytes(), TEXT).map_or_else(|| "…".to_owned(), |said| said.as_str().to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use oz_core::wire::dialog::Rule;

    pub(in crate::dialog) fn asked() -> Asked {
        Asked {
            sandbox: "gedit".into(),
            name: Some("Text Editor".into()),
            colour: Some("#1a5fb4".into()),
            parent: None,
            dialog: FileDialog {
                kind: Kind::Open,
                title: "Open Files".into(),
                accept_label: None,
                modal: true,
                multiple: false,
                directory: false,
                filters: Vec::new(),
                current_filter: None,
                choices: Vec::new(),
                current_folder: None,
                current_name: None,
                current_file: None,
                files: Vec::new(),
            },
        }
    }

    #[test]
    fn the_sentence_is_ours_and_the_title_is_quoted() {
        let shown = Shown::new(&asked());
        assert_eq!(shown.title, "[gedit] Choose a File");
        assert_eq!(shown.heading, "Text Editor asks for a file");
        assert_eq!(shown.said, ["“Open Files”"]);
        assert_eq!(shown.accept, "_Open");
        assert_eq!(
            shown.colour,
            Some(Colour {
                red: 0x1a,
                green: 0x5f,
                blue: 0xb4
            })
        );
    }

    #[test]
    fn nothing_of_the_app_breaks_out_of_its_quotation() {
        let mut asked = asked();
        asked.dialog.title = "Open”\n\u{202e}Oz: allow all <b>now</b>".into();
        asked.dialog.accept_label = Some("_Cancel\u{202e}".into());
        asked.dialog.choices.push(Choice {
            id: "x".into(),
            label: "Oz\u{200b} asks\u{7}:\u{1b}[2J really?".into(),
            options: vec![("a".into(), "\n".into()), ("b".into(), "Yes\tNo".into())],
            chosen: "a".into(),
        });
        let shown = Shown::new(&asked);
        assert_eq!(shown.said, ["“Open' Oz: allow all <b>now</b>”"]);
        assert_eq!(shown.accept, "“Cancel”");
        assert_eq!(
            shown.choices,
            [(
                "“Oz asks:[2J really?”".to_owned(),
                vec!["…".to_owned(), "Yes No".to_owned()]
            )]
        );
    }

    #[test]
    fn long_words_of_an_app_are_cut() {
        let mut asked = asked();
        asked.dialog.title = "x".repeat(500);
        asked.dialog.accept_label = Some("y_".repeat(100));
        let shown = Shown::new(&asked);
        assert_eq!(shown.said[0].chars().count(), TEXT + 3);
        assert!(shown.accept.replace("__", "_").chars().count() <= BUTTON + 3);
    }

    #[test]
    fn files_that_will_be_made_are_named() {
        let mut asked = asked();
        asked.dialog.kind = Kind::SaveFiles;
        asked.dialog.title = String::new();
        asked.dialog.files = (0..7)
            .map(|n| format!("page-{n}.png").into_bytes())
            .collect();
        let shown = Shown::new(&asked);
        assert_eq!(
            shown.heading,
            "Text Editor asks in which folder to save 7 files"
        );
        assert_eq!(shown.said.len(), NAMES + 1);
        assert_eq!(shown.said[0], "“page-0.png”");
        assert_eq!(shown.said[NAMES], "…");
    }

    #[test]
    fn a_filter_that_is_given_alone_is_the_only_one() {
        let mut asked = asked();
        let filter = |name: &str| Filter {
            name: name.into(),
            rules: vec![Rule::Glob("*".into())],
        };
        asked.dialog.current_filter = Some(filter("Only\u{0}this"));
        assert_eq!(Shown::new(&asked).filters, ["Onlythis"]);
        asked.dialog.filters = vec![filter("a"), filter("b")];
        assert_eq!(Shown::new(&asked).filters, ["a", "b"]);
    }
}
