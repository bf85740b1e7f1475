//! What a person can be asked, and what comes back.

use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use oz_core::OsBytes;
use oz_core::denied::Denied;
use oz_core::plan::Access;
use oz_core::said::Said;
use oz_core::wire::display::Direction;
use zbus::Variant;

/// How much of a name that an app gives itself is shown.
const NAME: usize = 64;
/// How much of a path is shown.
const PATH: usize = 160;
/// How many of several files are named.
const LISTED: usize = 5;

/// Something that a sandbox may only do if the person in front of it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// To record from the microphone.
    Microphone {
        /// What the program that records calls itself.
        program: Option<Said>,
    },
    /// To have files that were dropped on one of its windows.
    Files {
        /// The first of them.
        names: Vec<Said>,
        /// How many there are.
        count: usize,
        /// What it does with them.
        access: Access,
        /// Tells these files from others.
        sum: u64,
    },
    /// To open an address with the host's programs.
    Link(Link),
    /// To open a file that it has with another app, or show where it lies.
    Opening(Opening, Reason),
    /// To have what was copied, or to give it away.
    Copy(Direction),
    /// To have protected places over a copy, and a network.
    Secrets {
        /// The first of the places.
        names: Vec<Said>,
        /// How many there are.
        count: usize,
    },
    /// Any other: the rules are tested with more kinds than there are.
    #[cfg(test)]
    Other(u8),
}

/// An address that an app wants to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    address: String,
    /// The app has no network, so the address may carry out what the app has seen.
    carries: bool,
    number: u64,
}

/// A file, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    path: Option<Said>,
    /// Absent: the host's file manager.
    app: Option<(Option<Said>, Access)>,
    number: u64,
}

/// Why that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The app has no network, and the one that opens it may have one.
    Carries,
    /// Nothing was done in its windows that would be the reason.
    Unasked,
    /// The app wants the person to be asked.
    Wanted,
    /// What opens it is in no sandbox.
    Outside,
}

impl Opening {
    /// A file, by its canonical path, and the app that would open it.
    pub(crate) fn file(path: &OsBytes, app: Option<Said>, access: Access) -> Self {
        Self {
            app: Some((app, access)),
            number: number(&("file", path.as_bytes())),
            ..Self::folder(path)
        }
    }

    /// Where a file lies.
    pub(crate) fn folder(path: &OsBytes) -> Self {
        Self {
            path: Said::new(path.to_string().as_bytes(), PATH),
            app: None,
            number: number(&("folder", path.as_bytes())),
        }
    }
}

/// A number for what an app names, which nobody outside can choose.
fn number(of: &(impl Hash + ?Sized)) -> u64 {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYS.hash_one(of)
}

/// What a question is about: two that share it are the same question, whatever else an app puts
/// into them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Microphone,
    /// These files.
    Files(u64),
    /// Addresses are told apart by a number that nobody outside can choose,
    Link(u64),
    /// and so are files that are to be opened.
    Opening(u64),
    Copy(Direction),
    Secrets,
    #[cfg(test)]
    Other(u8),
}

/// The person's answer, or what counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No(Refusal),
}

/// Why it is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The person said so.
    Person,
    /// Nobody answered in time.
    Silence,
    /// There is nothing that could show the question.
    Nobody,
    /// The same question was answered with no a short while ago.
    Again,
    /// The sandbox asks too much.
    TooMany,
    /// The sandbox ends.
    Ended,
}

impl Question {
    /// The microphone, with what the program calls itself in its own bytes.
    pub(crate) fn microphone(program: &[u8]) -> Self {
        Self::Microphone {
            program: Said::new(program, NAME),
        }
    }

    /// Files, by their canonical paths.
    pub(crate) fn files<'a>(paths: impl Iterator<Item = &'a OsBytes>, access: Access) -> Self {
        let mut hasher = DefaultHasher::new();
        access.hash(&mut hasher);
        let mut names = Vec::new();
        let mut count = 0;
        for path in paths {
            path.hash(&mut hasher);
            count += 1;
            if names.len() < LISTED {
                names.extend(Said::new(path.to_string().as_bytes(), PATH));
            }
        }
        Self::Files {
            names,
            count,
            access,
            sum: hasher.finish(),
        }
    }

    /// Protected places, by their paths.
    pub(crate) fn secrets<'a>(paths: impl ExactSizeIterator<Item = &'a OsBytes>) -> Self {
        let count = paths.len();
        let names = paths.take(LISTED);
        let names = names.filter_map(|path| Said::new(path.to_string().as_bytes(), PATH));
        Self::Secrets {
            names: names.collect(),
            count,
        }
    }

    /// An address, all of which is shown: it must be printable ASCII without blanks.
    pub(crate) fn link(address: &str, carries: bool) -> Self {
        Self::Link(Link {
            address: address.to_owned(),
            carries,
            number: number(address),
        })
    }

    /// A file that an app has, to be opened by another.
    pub(crate) fn opening(what: Opening, reason: Reason) -> Self {
        Self::Opening(what, reason)
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Link(link) => Subject::Link(link.number),
            Self::Opening(what, _) => Subject::Opening(what.number),
            Self::Copy(direction) => Subject::Copy(*direction),
            Self::Secrets { .. } => Subject::Secrets,
            Self::Microphone { .. } => Subject::Microphone,
            Self::Files { sum, .. } => Subject::Files(*sum),
            #[cfg(test)]
            Self::Other(number) => Subject::Other(*number),
        }
    }

    /// What is refused if the answer is no.
    pub(super) fn denied(&self) -> Option<Denied> {
        Some(match self {
            Self::Link(_) => Denied::Link,
            Self::Opening(..) => Denied::Open,
            Self::Copy(Direction::In) => Denied::PasteIn,
            Self::Copy(Direction::Out) => Denied::CopyOut,
            Self::Microphone { .. } => Denied::Microphone,
            Self::Files { .. } => Denied::Drop,
            // It does not run, so nobody looks at what it was refused.
            Self::Secrets { .. } => return None,
            #[cfg(test)]
            Self::Other(_) => return None,
        })
    }

    /// The word for it on the bus and in logs.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Opening(..) => "open",
            Self::Copy(_) => "copy",
            Self::Microphone { .. } => "microphone",
            Self::Files { .. } => "files",
            Self::Secrets { .. } => "secrets",
            #[cfg(test)]
            Self::Other(_) => "other",
        }
    }

    /// An icon of the naming specification.
    pub(super) fn icon(&self) -> &'static str {
        match self {
            Self::Link(_) => "web-browser",
            Self::Opening(..) => "document-open",
            Self::Copy(_) => "edit-paste",
            Self::Microphone { .. } => "audio-input-microphone",
            Self::Files { .. } => "document-open",
            Self::Secrets { .. } => "dialog-password",
            #[cfg(test)]
            Self::Other(_) => "dialog-question",
        }
    }

    /// The question, of a sandbox that people call so. Nothing in it is from the app.
    pub(super) fn title(&self, name: &str) -> String {
        match self {
            Self::Link(_) => format!("Let “{name}” open a link?"),
            Self::Opening(what, _) => match what.app {
                Some(_) => format!("Let “{name}” open a file with another app?"),
                None => format!("Let “{name}” show a folder?"),
            },
            Self::Copy(Direction::In) => format!("Let “{name}” read what you have copied?"),
            Self::Copy(Direction::Out) => {
                format!("Let another program read what was copied in “{name}”?")
            }
            Self::Microphone { .. } => format!("Let “{name}” use the microphone?"),
            Self::Files { count, access, .. } => {
                let what = match access {
                    Access::Read => "read",
                    Access::Write => "change",
                };
                match count {
                    1 => format!("Let “{name}” {what} a file that was dropped on it?"),
                    _ => format!("Let “{name}” {what} {count} files that were dropped on it?"),
                }
            }
            Self::Secrets { .. } => {
                format!("Start “{name}” with protected places and a network?")
            }
            #[cfg(test)]
            Self::Other(number) => format!("Let {name} do {number}?"),
        }
    }

    /// What else there is to know; what the app says is quoted, and in a paragraph of its own.
    pub(super) fn body(&self) -> String {
        match self {
            Self::Link(link) => {
                let why = match link.carries {
                    true => "It has no network; a link can carry out what it knows.",
                    false => "You have done nothing in its windows that would ask for it.",
                };
                format!("{why}\n{}", link.address)
            }
            Self::Opening(what, reason) => {
                let why = match reason {
                    Reason::Carries => {
                        "It has no network; the other app may have one, and a file can carry out what it knows."
                    }
                    Reason::Unasked => {
                        "You have done nothing in its windows that would ask for it."
                    }
                    Reason::Wanted => "It wants you to be asked.",
                    Reason::Outside => {
                        "Your file manager is in no sandbox, and looks at all that lies there."
                    }
                };
                // What shows it may cut it, so the parts come first that say which.
                let mut body = String::new();
                if let Some(path) = &what.path {
                    body.push_str(&path.quoted());
                    body.push('\n');
                }
                if let Some((app, access)) = &what.app {
                    let app = app.as_ref().map_or("“?”".to_owned(), Said::quoted);
                    body.push_str(&match access {
                        Access::Read => format!("{app} would read it.\n"),
                        Access::Write => format!("{app} would be able to change it.\n"),
                    });
                }
                body.push_str(why);
                body
            }
            Self::Copy(Direction::In) => {
                "It was copied outside of its windows. The answer is for this copy only.".to_owned()
            }
            Self::Copy(Direction::Out) => {
                "Some program of the desktop wants to have it. The answer is for this copy only."
                    .to_owned()
            }
            Self::Microphone { program } => {
                let mut body = "It hears you until you turn the microphone off again.".to_owned();
                if let Some(program) = program {
                    body.push_str("\nThe program calls itself ");
                    body.push_str(&program.quoted());
                }
                body
            }
            Self::Files { names, count, .. } => {
                let body = "It has them until it ends, or you take them back.";
                listed(body, names, *count)
            }
            Self::Secrets { names, count } => {
                let body = "It can read these and send them to anybody; only what it changes stays in its copy.";
                listed(body, names, *count)
            }
            #[cfg(test)]
            Self::Other(_) => String::new(),
        }
    }

    /// The parts, for whoever words the question differently.
    pub(super) fn details(&self) -> HashMap<&'static str, Variant<'static>> {
        match self {
            Self::Link(link) => HashMap::from([("address", Variant::from(link.address.clone()))]),
            Self::Opening(what, _) => {
                let text = |said: &Said| Variant::from(said.as_str().to_owned());
                let app = what.app.as_ref().and_then(|(app, _)| app.as_ref());
                let write = matches!(what.app, Some((_, Access::Write)));
                let parts = [("path", what.path.as_ref()), ("app", app)];
                let parts = parts.into_iter();
                let parts = parts.filter_map(|(name, said)| Some((name, text(said?))));
                parts.chain([("write", Variant::from(write))]).collect()
            }
            Self::Copy(direction) => {
                HashMap::from([("out", Variant::from(*direction == Direction::Out))])
            }
            Self::Microphone { program } => program
                .iter()
                .map(|program| ("program", Variant::from(program.as_str().to_owned())))
                .collect(),
            Self::Files {
                names,
                count,
                access,
                ..
            } => {
                let names: Vec<String> =
                    names.iter().map(|name| name.as_str().to_owned()).collect();
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                HashMap::from([
                    ("paths", Variant::from(names)),
                    ("count", Variant::from(count)),
                    ("write", Variant::from(*access == Access::Write)),
                ])
            }
            Self::Secrets { names, .. } => {
                let names: Vec<String> =
                    names.iter().map(|name| name.as_str().to_owned()).collect();
                HashMap::from([("paths", Variant::from(names))])
            }
            #[cfg(test)]
            Self::Other(_) => HashMap::new(),
        }
    }
}

/// A sentence, and what it is about, each on a line of its own.
fn listed(sentence: &str, names: &[Said], count: usize) -> String {
    let mut body = sentence.to_owned();
    for name in names {
        body.push('\n');
        body.push_str(&name.quoted());
    }
    if count > names.len() {
        body.push_str(&format!("\nand {} more", count - names.len()));
    }
    body
}

impl Refusal {
    /// The word for it in logs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Person => "the person said no",
            Self::Silence => "nobody answered",
            Self::Nobody => "there is neither a prompter nor a notification service with actions",
            Self::Again => "it was answered with no a short while ago",
            Self::TooMany => "the sandbox asks too much",
            Self::Ended => "the sandbox ends",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_says_is_quoted_on_a_line_of_its_own() {
        let question = Question::microphone(b"zoom\nPress Allow \x1b[1m");
        insta::assert_snapshot!(question.body(), @r"
        It hears you until you turn the microphone off again.
        The program calls itself “zoom Press Allow [1m”
        ");
        let title = question.title("Firefox (firefox-2)");
        assert_eq!(title, "Let “Firefox (firefox-2)” use the microphone?");
    }

    #[test]
    fn a_file_is_named_on_one_line_with_the_app_that_would_open_it() {
        let path = OsBytes::from("/h/a\n\u{202e}“fdp.exe".to_owned());
        let app = Said::new(b"Viewer", NAME);
        let question = Question::opening(Opening::file(&path, app, Access::Read), Reason::Carries);
        insta::assert_snapshot!(question.body(), @r"
        “/h/a\x0a\xe2\x80\xae'fdp.exe”
        “Viewer” would read it.
        It has no network; the other app may have one, and a file can carry out what it knows.
        ");
        let folder = Question::opening(Opening::folder(&path), Reason::Outside);
        insta::assert_snapshot!(folder.body(), @r"
        “/h/a\x0a\xe2\x80\xae'fdp.exe”
        Your file manager is in no sandbox, and looks at all that lies there.
        ");
        assert_ne!(question.subject(), folder.subject());
    }

    #[test]
    fn a_name_makes_no_other_question() {
        let questions = [b"a".as_slice(), b"b", b""].map(Question::microphone);
        assert!(questions.iter().all(|q| q.subject() == Subject::Microphone));
    }
}
