//! What is answered.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use oz_core::wire::dialog::{FileDialog, FileDialogAnswer, Kind, Response};

use super::shown::filters;

/// What a person picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// Files, or the directory to save in.
    pub paths: Vec<PathBuf>,
    /// What was chosen for each choice, in their order.
    pub choices: Vec<String>,
    /// Which filter.
    pub filter: Option<usize>,
    /// The app may change the files.
    pub writable: bool,
}

/// The answer to a dialog in which something was picked; `exists` says what is there.
pub fn answer(
    dialog: &FileDialog,
    picked: Picked,
    exists: impl Fn(&Path) -> bool,
) -> FileDialogAnswer {
    let paths = match (dialog.kind, picked.paths.first()) {
        (Kind::SaveFiles, Some(directory)) => in_directory(directory, &dialog.files, exists),
        _ => picked.paths,
    };
    let ids = dialog.choices.iter().map(|choice| choice.id.clone());
    let filter = picked
        .filter
        .and_then(|at| filters(dialog).get(at).copied());
    FileDialogAnswer {
        response: if paths.is_empty() {
            Response::Cancelled
        } else {
            Response::Accepted
        },
        paths: paths
            .into_iter()
            .map(|path| path.into_os_string().into_vec())
            .collect(),
        choices: ids.zip(picked.choices).collect(),
        current_filter: filter.cloned(),
        writable: picked.writable || dialog.kind != Kind::Open,
    }
}

/// Files of these names in a directory, and of other names where one is taken: nobody was asked whether what
/// is there may go.
fn in_directory(
    directory: &Path,
    names: &[Vec<u8>],
    exists: impl Fn(&Path) -> bool,
) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for name in names {
        let mut path = directory.join(OsStr::from_bytes(name));
        let mut number = 1_u32;
        while exists(&path) || all.contains(&path) {
            path = directory.join(OsStr::from_bytes(&numbered(name, number)));
            number += 1;
        }
        all.push(path);
    }
    all
}

/// `page (1).png`
fn numbered(name: &[u8], number: u32) -> Vec<u8> {
    let dot = name
        .iter()
        .rposition(|byte| *byte == b'.')
        .filter(|at| *at > 0);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    [stem, format!(" ({number})").as_bytes(), extension].concat()
}

#[cfg(test)]
mod tests {
    use super::super::shown::tests::asked;
    use super::*;
    use oz_core::wire::dialog::{Choice, Filter};

    #[test]
    fn what_was_picked_is_answered_in_the_words_of_the_app() {
        let mut dialog = asked().dialog;
        dialog.choices = vec![Choice {
            id: "encoding".into(),
            label: "Encoding".into(),
            options: vec![("utf8".into(), "UTF-8".into())],
            chosen: "utf8".into(),
        }];
        dialog.filters = vec![Filter {
            name: "All".into(),
            rules: Vec::new(),
        }];
        let picked = Picked {
            paths: vec!["/home/u/a".into()],
            choices: vec!["utf8".into()],
            filter: Some(0),
            writable: false,
        };
        let answered = answer(&dialog, picked, |_| false);
        assert_eq!(answered.response, Response::Accepted);
        assert_eq!(answered.paths, [b"/home/u/a"]);
        assert_eq!(
            answered.choices,
            [("encoding".to_owned(), "utf8".to_owned())]
        );
        assert_eq!(answered.current_filter, Some(dialog.filters[0].clone()));
        assert!(!answered.writable);
    }

    #[test]
    fn nothing_picked_is_cancelled_and_what_is_saved_is_writable() {
        let mut dialog = asked().dialog;
        let nothing = answer(&dialog, Picked::default(), |_| false);
        assert_eq!(nothing.response, Response::Cancelled);
        dialog.kind = Kind::Save;
        let picked = Picked {
            paths: vec!["/home/u/new".into()],
            ..Picked::default()
        };
        assert!(answer(&dialog, picked, |_| true).writable);
    }

    #[test]
    fn files_that_are_there_are_not_replaced_by_files_of_the_same_name() {
        let mut dialog = asked().dialog;
        dialog.kind = Kind::SaveFiles;
        dialog.files = [b"a.png".as_slice(), b".rc", b"a.png", b"plain"]
            .map(<[u8]>::to_vec)
            .to_vec();
        let picked = Picked {
            paths: vec!["/d".into()],
            ..Picked::default()
        };
        let taken = ["/d/a.png", "/d/a (1).png", "/d/.rc", "/d/plain"];
        let answered = answer(&dialog, picked, |path| {
            taken.iter().any(|taken| path == Path::new(taken))
        });
        let names = ["/d/a (2).png", "/d/.rc (1)", "/d/a (3).png", "/d/plain (1)"];
        assert_eq!(answered.paths, names.map(|name| name.as_bytes().to_vec()));
    }
}
