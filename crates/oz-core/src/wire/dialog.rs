//! A dialog in which a person picks files for a sandbox.
//!
//! [`FileDialog`] is what an app may say about it, in the words of the portal of that name
//! (<https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.FileChooser.html>). It goes from
//! the bus proxy to the daemon, which takes it for hostile: [`FileDialog::check`] has the caps, and what a person
//! reads is made fit for that before it is shown. Where the session has a portal of its own the daemon asks that;
//! else it starts `oz-dialog`, which reads one [`Asked`] as a JSON object on its standard input up to its end,
//! shows the dialog, and writes one [`FileDialogAnswer`] as a JSON object on its standard output before it ends. It is
//! killed when nobody waits for the answer any more.
//!
//! Paths are bytes, as the operating system has them: in JSON arrays of numbers.

use serde::{Deserialize, Serialize};

/// Longest title and labels, in bytes.
pub const TEXT_MAX: usize = 512;
/// Longest path, in bytes.
pub const PATH_MAX: usize = 4096;
/// Longest name of a file, in bytes.
pub const NAME_MAX: usize = 255;
/// Most filters.
pub const FILTERS_MAX: usize = 64;
/// Most patterns of one filter.
pub const RULES_MAX: usize = 128;
/// Most choices.
pub const CHOICES_MAX: usize = 16;
/// Most options of one choice.
pub const OPTIONS_MAX: usize = 64;
/// Most files to save at once, and most that can be picked.
pub const FILES_MAX: usize = 1024;
/// Largest JSON of either kind, in bytes.
pub const JSON_MAX: usize = 1 << 20;

/// What `oz-dialog` shows, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The sandbox's own name, which its windows are marked with; nothing from the app.
    pub sandbox: String,
    /// What people call it; absent: the same.
    #[serde(default)]
    pub name: Option<String>,
    /// Its colour, `#rrggbb`, if it has one.
    #[serde(default)]
    pub colour: Option<String>,
    /// The window that it is for, as the compositor has named it to whoever exported it; absent: none.
    #[serde(default)]
    pub parent: Option<String>,
    /// What to show. Texts in it are on one line and capped; they still are the app's.
    pub dialog: FileDialog,
}

/// Which dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Files that exist.
    Open,
    /// One file, which need not exist.
    Save,
    /// A directory, in which files of known names are made.
    SaveFiles,
}

/// A dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDialog {
    /// Which.
    pub kind: Kind,
    /// In the app's words.
    pub title: String,
    /// On the button that accepts, with `_` before the letter that presses it; absent: the toolkit's word.
    pub accept_label: Option<String>,
    /// It stands in front of the app's window.
    pub modal: bool,
    /// Several files may be picked. Of [`Kind::Open`].
    pub multiple: bool,
    /// Directories are picked instead of files. Of [`Kind::Open`].
    pub directory: bool,
    /// Which files are listed, by choice.
    pub filters: Vec<Filter>,
    /// Which of them is chosen at first; if it is the only one, it cannot be changed.
    pub current_filter: Option<Filter>,
    /// More questions below the list.
    pub choices: Vec<Choice>,
    /// Where it begins.
    pub current_folder: Option<Vec<u8>>,
    /// The name that is suggested. Of [`Kind::Save`].
    pub current_name: Option<String>,
    /// The file that is saved again. Of [`Kind::Save`].
    pub current_file: Option<Vec<u8>>,
    /// Names of the files that are made. Of [`Kind::SaveFiles`].
    pub files: Vec<Vec<u8>>,
}

/// Files of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// What it is called.
    pub name: String,
    /// Any of them matches.
    pub rules: Vec<Rule>,
}

/// One way in which a file matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// By its name: a shell pattern.
    Glob(String),
    /// By its type; `image/*` is all of a kind.
    Mime(String),
}

/// A question of the app, below the list of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the app calls it; nobody reads that.
    pub id: String,
    /// The question.
    pub label: String,
    /// Answers: what the app calls one, and what a person reads. None: it is a check box, with the answers
    /// `true` and `false`.
    pub options: Vec<(String, String)>,
    /// The answer at first.
    pub chosen: String,
}

/// What a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Response {
    /// Picked files.
    Accepted,
    /// Cancelled.
    Cancelled,
    /// Neither: it could not be shown, or was taken away.
    Ended,
}

impl From<Response> for u8 {
    /// As the portal numbers them.
    fn from(response: Response) -> Self {
        match response {
            Response::Accepted => 0,
            Response::Cancelled => 1,
            Response::Ended => 2,
        }
    }
}

impl TryFrom<u8> for Response {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            0 => Ok(Self::Accepted),
            1 => Ok(Self::Cancelled),
            2 => Ok(Self::Ended),
            _ => Err("a response is 0, 1 or 2"),
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDialogAnswer {
    /// Whether anything was picked.
    pub response: Response,
    /// What was picked: absolute paths; for [`Kind::SaveFiles`] the files, not their directory.
    pub paths: Vec<Vec<u8>>,
    /// Answers to the [choices](FileDialog::choices): what the app calls question and answer.
    pub choices: Vec<(String, String)>,
    /// The filter that was chosen last.
    pub current_filter: Option<Filter>,
    /// The person lets the app change what was opened.
    pub writable: bool,
}

impl FileDialogAnswer {
    /// Nothing was picked.
    pub fn none(response: Response) -> Self {
        Self {
            response,
            paths: Vec::new(),
            choices: Vec::new(),
            current_filter: None,
            writable: false,
        }
    }
}

/// What a dialog has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a file dialog is refused: {0}")]
pub struct Refused(pub &'static str);

impl FileDialog {
    /// Whether it keeps to the caps, and names are names: what comes from a sandbox is not taken without.
    pub fn check(&self) -> Result<(), Refused> {
        let texts = [Some(&self.title), self.accept_label.as_ref()];
        require(
            texts.into_iter().flatten().all(|text| is_text(text)),
            "its title or label is too long",
        )?;
        require(
            self.filters.len() <= FILTERS_MAX
                && self
                    .filters
                    .iter()
                    .chain(&self.current_filter)
                    .all(Filter::is_capped),
            "its filters are too many or too long",
        )?;
        require(
            self.choices.len() <= CHOICES_MAX && self.choices.iter().all(Choice::is_capped),
            "its choices are too many or too long",
        )?;
        let places = [&self.current_folder, &self.current_file];
        require(
            places.into_iter().flatten().all(|path| is_place(path)),
            "it begins at no absolute path",
        )?;
        require(
            self.current_name
                .as_ref()
                .is_none_or(|name| is_name(name.as_bytes())),
            "the name that it suggests is none of a file",
        )?;
        require(
            self.files.len() <= FILES_MAX && self.files.iter().all(|name| is_name(name)),
            "the names of its files are too many, or none of files",
        )
    }
}

impl Filter {
    fn is_capped(&self) -> bool {
        let is_rule = |rule: &Rule| match rule {
            Rule::Glob(text) | Rule::Mime(text) => is_text(text),
        };
        is_text(&self.name) && self.rules.len() <= RULES_MAX && self.rules.iter().all(is_rule)
    }
}

impl Choice {
    fn is_capped(&self) -> bool {
        let texts = [&self.id, &self.label, &self.chosen];
        let options = self.options.iter().flat_map(|(id, label)| [id, label]);
        self.options.len() <= OPTIONS_MAX && texts.into_iter().chain(options).all(|t| is_text(t))
    }
}

fn require(holds: bool, otherwise: &'static str) -> Result<(), Refused> {
    if holds {
        Ok(())
    } else {
        Err(Refused(otherwise))
    }
}

fn is_text(text: &str) -> bool {
    text.len() <= TEXT_MAX
}

/// An absolute path.
fn is_place(path: &[u8]) -> bool {
    path.len() <= PATH_MAX && path.starts_with(b"/") && !path.contains(&0)
}

/// One component of a path.
fn is_name(name: &[u8]) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && ![b".".as_slice(), b".."].contains(&name)
        && !name.iter().any(|byte| [b'/', 0].contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialog() -> FileDialog {
        FileDialog {
            kind: Kind::Save,
            title: "Save As".into(),
            accept_label: Some("_Save".into()),
            modal: true,
            multiple: false,
            directory: false,
            filters: vec![Filter {
                name: "Images".into(),
                rules: vec![Rule::Glob("*.png".into()), Rule::Mime("image/jpeg".into())],
            }],
            current_filter: None,
            choices: vec![Choice {
                id: "encoding".into(),
                label: "Encoding".into(),
                options: vec![("utf8".into(), "UTF-8".into())],
                chosen: "utf8".into(),
            }],
            current_folder: Some(b"/home/u".to_vec()),
            current_name: Some("a.png".into()),
            current_file: None,
            files: Vec::new(),
        }
    }

    #[test]
    fn an_asked_dialog_and_its_answer_have_this_shape() {
        let asked = Asked {
            sandbox: "gedit".into(),
            name: Some("Text Editor".into()),
            colour: None,
            parent: Some("0a".into()),
            dialog: FileDialog {
                current_folder: Some(b"/h\xff".to_vec()),
                ..dialog()
            },
        };
        let text = r#"{"sandbox":"gedit","name":"Text Editor","colour":null,"parent":"0a","dialog":{"kind":"save","title":"Save As","accept_label":"_Save","modal":true,"multiple":false,"directory":false,"filters":[{"name":"Images","rules":[{"glob":"*.png"},{"mime":"image/jpeg"}]}],"current_filter":null,"choices":[{"id":"encoding","label":"Encoding","options":[["utf8","UTF-8"]],"chosen":"utf8"}],"current_folder":[47,104,255],"current_name":"a.png","current_file":null,"files":[]}}"#;
        assert_eq!(serde_json::to_string(&asked).unwrap(), text);
        assert_eq!(serde_json::from_str::<Asked>(text).unwrap(), asked);
        let answer = r#"{"response":0,"paths":[[47,97]],"choices":[["encoding","utf8"]],"current_filter":null,"writable":true}"#;
        let understood: FileDialogAnswer = serde_json::from_str(answer).unwrap();
        assert_eq!(understood.response, Response::Accepted);
        assert_eq!(serde_json::to_string(&understood).unwrap(), answer);
        assert!(serde_json::from_str::<Response>("3").is_err());
    }

    #[test]
    fn it_is_the_same_in_a_frame() {
        let bytes = postcard::to_stdvec(&dialog()).unwrap();
        assert_eq!(
            postcard::from_bytes::<FileDialog>(&bytes).unwrap(),
            dialog()
        );
    }

    #[test]
    fn what_has_too_much_of_anything_is_refused() {
        assert_eq!(dialog().check(), Ok(()));
        let long = "x".repeat(TEXT_MAX + 1);
        let filter = dialog().filters.remove(0);
        let choice = dialog().choices.remove(0);
        let changes: &[&dyn Fn(&mut FileDialog)] = &[
            &|dialog| dialog.title.clone_from(&long),
            &|dialog| dialog.accept_label = Some(long.clone()),
            &|dialog| dialog.filters = vec![filter.clone(); FILTERS_MAX + 1],
            &|dialog| dialog.filters[0].name.clone_from(&long),
            &|dialog| dialog.filters[0].rules = vec![Rule::Glob("*".into()); RULES_MAX + 1],
            &|dialog| dialog.filters[0].rules = vec![Rule::Mime(long.clone())],
            &|dialog| {
                dialog.current_filter = Some(Filter {
                    name: long.clone(),
                    rules: Vec::new(),
                });
            },
            &|dialog| dialog.choices = vec![choice.clone(); CHOICES_MAX + 1],
            &|dialog| dialog.choices[0].options[0].1.clone_from(&long),
            &|dialog| dialog.current_folder = Some(b"here".to_vec()),
            &|dialog| dialog.current_folder = Some(b"/a\0b".to_vec()),
            &|dialog| dialog.current_file = Some([b"/".repeat(PATH_MAX + 1)].concat()),
            &|dialog| dialog.current_name = Some("../x".into()),
            &|dialog| dialog.current_name = Some("..".into()),
            &|dialog| dialog.current_name = Some(String::new()),
            &|dialog| dialog.files = vec![b"a/b".to_vec()],
            &|dialog| dialog.files = vec![b"a".to_vec(); FILES_MAX + 1],
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut hostile = dialog();
            change(&mut hostile);
            assert!(hostile.check().is_err(), "change {index}");
        }
    }
}
