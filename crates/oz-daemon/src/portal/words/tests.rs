use super::*;
use crate::grants::tests::grant;

fn asked(kind: Kind) -> FileDialog {
    FileDialog {
        kind,
        title: String::new(),
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
    }
}

fn filter(name: &str, glob: &str) -> Filter {
    Filter {
        name: name.into(),
        rules: vec![Rule::Glob(glob.into())],
    }
}

/// What is shown to a person of a sandbox that holds one file to read, and one to write.
fn shown(asked: &FileDialog) -> Option<FileDialog> {
    let grants = [
        grant("/home/u/Documents/notes.txt", Access::Read),
        grant("/home/u/work/letter.odt", Access::Write),
        grant("/home/u/project", Access::Read),
    ];
    let held = Held(Held::granted(&grants).collect());
    Words::new(asked, &held, USED).map(|words| words.shown)
}

/// The person uses the app.
const USED: About = About {
    has_parent: false,
    acted: true,
};

#[test]
fn a_title_is_one_short_line() {
    let title = |title: &str| {
        let asked = FileDialog {
            title: title.into(),
            ..asked(Kind::Save)
        };
        shown(&asked).expect("shown").title
    };
    assert_eq!(title(""), "Save");
    assert_eq!(title("Save As…"), "Save As…");
    assert_eq!(
        title("\u{202e}[keepass]\n\nUnlock\u{1b}[2J"),
        "[keepass] Unlock[2J"
    );
    assert!(title(&"x".repeat(500)).chars().count() < 100);
}

#[test]
fn what_an_app_calls_its_choices_stays_here_and_comes_back() {
    let asked = FileDialog {
        filters: vec![
            filter("\n", "*"),
            filter("Text", "*.txt"),
            filter("All", "*"),
        ],
        current_filter: Some(filter("All", "*")),
        choices: vec![
            Choice {
                id: "<b>enc</b>".into(),
                label: "Encoding".into(),
                options: vec![("l1".into(), "Latin".into()), ("u8".into(), "UTF-8".into())],
                chosen: "u8".into(),
            },
            Choice {
                id: "ro".into(),
                label: "Read only".into(),
                options: Vec::new(),
                chosen: "true".into(),
            },
        ],
        ..asked(Kind::Open)
    };
    let words = Words::new(&asked, &Held(Vec::new()), USED).expect("shown");
    let shown = &words.shown;
    // One without a name that can be seen is left out.
    assert_eq!(shown.filters, [filter("Text", "*.txt"), filter("All", "*")]);
    assert_eq!(shown.current_filter, Some(filter("All", "*")));
    let ids: Vec<_> = shown
        .choices
        .iter()
        .map(|c| (c.id.as_str(), c.chosen.as_str()))
        .collect();
    assert_eq!(ids, [("0", "1"), ("1", "true")]);
    let word = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let answer = FileDialogAnswer {
        response: Response::Accepted,
        paths: Vec::new(),
        choices: vec![
            word("0", "0"),
            word("1", "false"),
            word("7", "0"),
            word("0", "9"),
            word("1", "x"),
        ],
        current_filter: Some(filter("Text", "*.txt")),
        writable: true,
    };
    let understood = words.understand(answer);
    assert_eq!(
        understood.choices,
        [word("<b>enc</b>", "l1"), word("ro", "false")]
    );
    assert_eq!(understood.current_filter, Some(filter("Text", "*.txt")));
}

#[test]
fn only_places_that_the_sandbox_knows_are_suggested() {
    let suggested = |folder: &str| {
        let asked = FileDialog {
            current_folder: Some(folder.into()),
            current_name: Some("a.txt".into()),
            ..asked(Kind::Save)
        };
        shown(&asked).expect("shown").current_folder.is_some()
    };
    for known in ["/home/u/Documents", "/home/u/work", "/home/u/project/src"] {
        assert!(suggested(known), "{known}");
    }
    for unknown in [
        "/home",
        "/home/u/.ssh",
        "/home/u/Documents2",
        "/home/u/project/../.ssh",
        "/",
    ] {
        assert!(!suggested(unknown), "{unknown}");
    }
}

#[test]
fn only_a_file_that_may_be_written_anyway_is_suggested_as_such() {
    let suggested = |file: &str| {
        let asked = FileDialog {
            current_file: Some(file.into()),
            ..asked(Kind::Save)
        };
        let shown = shown(&asked).expect("shown");
        (shown.current_file.is_some(), shown.current_name)
    };
    assert_eq!(
        suggested("/home/u/work/letter.odt"),
        (true, Some("letter.odt".into()))
    );
    assert_eq!(
        suggested("/home/u/Documents/notes.txt"),
        (false, Some("notes.txt".into()))
    );
    assert_eq!(suggested("/home/u/.bashrc"), (false, None));
}

#[test]
fn names_that_mislead_are_not_suggested_and_not_made() {
    let name = |name: &str| {
        let asked = FileDialog {
            current_name: Some(name.into()),
            ..asked(Kind::Save)
        };
        shown(&asked).expect("shown").current_name
    };
    assert_eq!(name("letter.odt").as_deref(), Some("letter.odt"));
    for misleading in ["gpj\u{202e}.exe", "a\nb", ".bashrc", "a\u{1b}[31m"] {
        assert_eq!(name(misleading), None, "{misleading:?}");
    }
    let files = |files: &[&[u8]]| {
        let asked = FileDialog {
            files: files.iter().map(|name| name.to_vec()).collect(),
            ..asked(Kind::SaveFiles)
        };
        shown(&asked).is_some()
    };
    assert!(files(&[b"a.png", b"b.png"]));
    assert!(!files(&[b"a.png", b"b\n.png"]) && !files(&[b"\xff"]) && !files(&[]));
}

#[test]
fn who_does_not_use_the_app_is_suggested_no_name() {
    let asked = FileDialog {
        current_name: Some("planted.txt".into()),
        ..asked(Kind::Save)
    };
    let held = Held(Vec::new());
    for acted in [true, false] {
        let about = About { acted, ..USED };
        let words = Words::new(&asked, &held, about).expect("shown");
        assert_eq!(words.shown.current_name.is_some(), acted);
    }
}
