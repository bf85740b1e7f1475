//! What sandboxes wrote over copies of the user's files, and what a person decides of it.

use std::collections::BTreeMap;
use std::path::Path;

use oz_core::OsBytes;
use oz_core::colour::Colour;
use oz_core::protected;
use oz_core::wire::copies::{Conflict, Kind, What};

use crate::words::{tr, tr_count, tr_with};

/// What is kept of one sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// Its name.
    pub id: String,
    /// The profile that it follows.
    pub profile: String,
    /// It runs, and may go on writing: its changes can be looked at, and nothing else.
    pub running: bool,
    /// Something was written that was not taken over.
    pub written: bool,
    /// How many changes the last merge has taken over that can be taken back.
    pub merged: u32,
}

impl Copies {
    /// The colour that its windows are marked with.
    pub fn colour(&self) -> Colour {
        Colour::of_profile(&self.profile)
    }

    /// How it stands, in a line.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if self.running {
            parts.push(tr("Runs"));
        }
        parts.push(match self.written {
            true => tr("Has changes"),
            false => tr("No changes"),
        });
        if self.merged > 0 {
            let merged = usize::try_from(self.merged).unwrap_or(usize::MAX);
            parts.push(tr_count("{n} merged", "{n} merged", merged));
        }
        parts.join(" · ")
    }
}

/// One thing that is not any more as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Where, in any bytes.
    pub path: OsBytes,
    /// What became of it.
    pub what: What,
    /// What it is, or was.
    pub kind: Kind,
    /// Bytes, of a file: now, and before.
    pub size: (u64, u64),
    /// Why it needs a decision.
    pub conflict: Option<Conflict>,
    /// Permissions, if they are others: now, and before.
    pub modes: (u32, u32),
    /// Where a link leads, in any bytes, as far as it is told.
    pub target: OsBytes,
    /// Why it needs a yes of its own, in English; empty if it does not.
    pub protected: String,
    /// By which the daemon knows it again as it is now.
    pub token: Vec<u8>,
}

impl Changed {
    /// Its name, fit to be read.
    pub fn name(&self) -> String {
        let path = self.path.as_path();
        OsBytes::from(path.file_name().unwrap_or(path.as_os_str()).to_owned()).to_string()
    }

    /// Where it is, fit to be read; what is in the home is told as people write it.
    pub fn directory(&self, home: &Path) -> String {
        shown(self.path.as_path().parent().unwrap_or(Path::new("/")), home)
    }

    /// What became of it, in a line; `size` writes down bytes.
    pub fn words(&self, home: &Path, size: impl Fn(u64) -> String) -> String {
        let what = match &self.what {
            What::Added => tr("New"),
            What::Changed => tr("Changed"),
            What::Attributes => tr("Other permissions"),
            What::Deleted => tr("Deleted"),
            What::Renamed { from, .. } => {
                let from = shown(from.as_path(), home);
                tr_with("Was {place}", &[("place", &from)])
            }
        };
        let sizes = match (&self.kind, &self.what) {
            (Kind::Directory, _) => tr("folder"),
            (Kind::Symlink, What::Deleted) => tr("link"),
            (Kind::Symlink, _) => {
                tr_with("link to {target}", &[("target", &self.target.to_string())])
            }
            (Kind::Other, _) => tr("neither file nor folder: never taken over"),
            (Kind::File, What::Deleted) => size(self.size.1),
            (Kind::File, What::Changed) if self.size.0 != self.size.1 => {
                format!("{} → {}", size(self.size.1), size(self.size.0))
            }
            (Kind::File, _) => size(self.size.0),
        };
        match self.modes {
            (now, before) if now != before => {
                format!("{what} · {sizes} · {before:04o} → {now:04o}")
            }
            _ => format!("{what} · {sizes}"),
        }
    }

    /// What stands in the way of taking it over as it is, if anything does.
    pub fn warning(&self) -> Option<String> {
        let conflict = self.conflict.map(|conflict| match conflict {
            Conflict::Changed => tr("You have changed it as well."),
            Conflict::Deleted => tr("You have deleted it meanwhile."),
            Conflict::Unseen => tr("You have something there that the app did not see."),
        });
        let protected = (!self.protected.is_empty()).then(|| guarded(&self.protected));
        let all: Vec<String> = conflict.into_iter().chain(protected).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// Whether anybody can take it over at all.
    pub fn can_be_merged(&self) -> bool {
        self.kind != Kind::Other
    }

    /// Whether both can be kept: the sandbox's comes beside the user's then.
    pub fn can_be_both(&self) -> bool {
        let is_there = matches!(self.what, What::Added | What::Changed | What::Attributes);
        is_there && matches!(self.kind, Kind::File | Kind::Symlink)
    }

    /// Whether its lines can be looked at.
    pub fn has_lines(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::Symlink) && self.what != What::Attributes
    }
}

/// Why a change needs a yes of its own.
fn guarded(reason: &str) -> String {
    match reason {
        protected::ABOVE => tr("There are protected places below that name."),
        protected::LEADS_IN => {
            tr("A link to a protected place: who opens the link opens what is there.")
        }
        protected::LEADS_OUT => tr("A link that leads out of the folder it was made in."),
        protected::LEADS_FAR => tr("A link whose target is too long to be shown."),
        protected::CLOSES => tr("You could not read, change or enter it any more."),
        protected::OPENS => tr("Everybody on this machine could change it."),
        _ => tr("A protected place: what is there may run when you log in, or be a secret."),
    }
}

/// A path as people write it.
fn shown(path: &Path, home: &Path) -> String {
    match path.strip_prefix(home) {
        Ok(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Ok(below) => format!("~/{}", OsBytes::from(below)),
        Err(_) => OsBytes::from(path).to_string(),
    }
}

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It stays in the sandbox, and the user's own is as it is.
    Leave,
    /// It is taken over, instead of the user's own if that was changed as well.
    Take,
    /// It comes beside the user's own.
    Both,
}

impl Decision {
    /// As the daemon is told, of a change that needs a decision and of others.
    pub fn word(self, conflict: bool) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Take if conflict => "theirs",
            Self::Take | Self::Leave => "",
        }
    }
}

/// What is to be taken over: the token of each, and how.
pub type Chosen = Vec<(Vec<u8>, Decision, bool)>;

/// The changes of one sandbox as a person looks at them, and what the person has decided so far.
#[derive(Clone, Debug, Default)]
pub struct Review {
    all: Vec<Changed>,
    /// Of those that are not as the first look has them.
    decided: BTreeMap<OsBytes, Decision>,
    /// There are more, or some cannot be looked at.
    pub incomplete: bool,
}

impl Review {
    /// Takes in what there is now. What was decided stays, unless what is to be decided is another.
    pub fn take(&mut self, all: Vec<Changed>, complete: bool) {
        let questions = |all: &[Changed]| -> BTreeMap<OsBytes, _> {
            let question = |one: &Changed| (one.path.clone(), open(one));
            all.iter().map(question).collect()
        };
        let (before, now) = (questions(&self.all), questions(&all));
        let same = |path: &OsBytes| now.contains_key(path) && before.get(path) == now.get(path);
        self.decided.retain(|path, _| same(path));
        self.all = all;
        self.incomplete = !complete;
    }

    /// All of them, sorted by path.
    pub fn all(&self) -> &[Changed] {
        &self.all
    }

    /// What becomes of one: without a word of the person all is taken over that needs no decision.
    pub fn decision(&self, change: &Changed) -> Decision {
        let decided = self.decided.get(&change.path).copied();
        decided.unwrap_or(match open(change) {
            (None, false) if change.can_be_merged() => Decision::Take,
            _ => Decision::Leave,
        })
    }

    /// Decides on one.
    pub fn decide(&mut self, change: &Changed, decision: Decision) {
        if change.can_be_merged() {
            self.decided.insert(change.path.clone(), decision);
        }
    }

    /// Decides on all that need no decision of their own.
    pub fn decide_all(&mut self, decision: Decision) {
        for change in &self.all {
            if open(change) == (None, false) && change.can_be_merged() {
                self.decided.insert(change.path.clone(), decision);
            }
        }
    }

    fn taken(&self) -> impl Iterator<Item = (&Changed, Decision)> {
        let all = self.all.iter().map(|one| (one, self.decision(one)));
        all.filter(|(_, decision)| *decision != Decision::Leave)
    }

    /// What is to be taken over.
    pub fn chosen(&self) -> Chosen {
        self.taken()
            .map(|(one, decision)| (one.token.clone(), decision, one.conflict.is_some()))
            .collect()
    }

    /// How many that are.
    pub fn count(&self) -> usize {
        self.taken().count()
    }

    /// How many of them are in protected places.
    pub fn protected(&self) -> usize {
        let protected = |(one, _): &(&Changed, _)| !one.protected.is_empty();
        self.taken().filter(protected).count()
    }

    /// How many could be taken over and stay.
    pub fn left(&self) -> usize {
        let left = |one: &&Changed| one.can_be_merged() && self.decision(one) == Decision::Leave;
        self.all.iter().filter(left).count()
    }

    /// How many there are, and how many are chosen.
    pub fn summary(&self) -> String {
        let all = tr_count("{n} change", "{n} changes", self.all.len());
        let chosen = tr_count("{n} chosen", "{n} chosen", self.count());
        let mut words = format!("{all} · {chosen}");
        if self.incomplete {
            words.push_str(" · ");
            words.push_str(&tr("not all can be shown"));
        }
        words
    }
}

/// What there is to decide of one.
fn open(change: &Changed) -> (Option<Conflict>, bool) {
    (change.conflict, !change.protected.is_empty())
}

/// How the content of a change differs from what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In these lines.
    Lines(Vec<Line>),
    /// One cannot say: a sentence.
    Unsaid(String),
}

/// A line of a difference, fit to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A part begins: the line of the original at which it does.
    At(u64),
    /// Both have it.
    Both(String),
    /// It is gone.
    Old(String),
    /// It is new.
    New(String),
}

/// A part of a text, as the bus says it: where it begins in the original and how many lines that are, the same of the copy, and
/// the lines.
pub type Part = (u64, u64, u64, u64, Vec<(String, Vec<u8>)>);

impl Difference {
    /// As the daemon says it.
    pub fn of(kind: &str, parts: Vec<Part>) -> Self {
        let unsaid = match kind {
            "text" if parts.is_empty() => tr("Its text is the same."),
            "text" => return Self::Lines(parts.into_iter().flat_map(lines).collect()),
            "binary" => tr("It is no text."),
            "large" => tr("It is too large to be compared."),
            _ => tr("It cannot be compared: it has changed meanwhile, or cannot be read."),
        };
        Self::Unsaid(unsaid)
    }
}

fn lines((from, .., lines): Part) -> Vec<Line> {
    let line = |(side, line): (String, Vec<u8>)| {
        let line = readable(&line);
        match side.as_str() {
            "-" => Line::Old(line),
            "+" => Line::New(line),
            _ => Line::Both(line),
        }
    };
    let lines = lines.into_iter().map(line);
    std::iter::once(Line::At(from)).chain(lines).collect()
}

/// A line of an app's, without its end: nothing in it turns or hides what stands beside it.
fn readable(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let fields = line.split(|byte| *byte == b'\t');
    let fields: Vec<String> = fields
        .map(|field| OsBytes::from(field.to_vec()).to_string())
        .collect();
    fields.join("\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &[u8], what: What) -> Changed {
        Changed {
            path: OsBytes::from(path.to_vec()),
            what,
            kind: Kind::File,
            size: (20, 10),
            conflict: None,
            modes: (0, 0),
            target: Vec::new().into(),
            protected: String::new(),
            token: path.to_vec(),
        }
    }

    fn conflicting() -> Changed {
        Changed {
            conflict: Some(Conflict::Changed),
            ..change(b"/home/u/both", What::Changed)
        }
    }

    fn size(bytes: u64) -> String {
        format!("{bytes} bytes")
    }

    #[test]
    fn names_of_hostile_apps_are_written_out() {
        let home = Path::new("/home/u");
        let one = change(b"/home/u/d\n/a\n\xffb\xe2\x80\xaegpj.exe", What::Added);
        assert_eq!(one.name(), r"a\x0a\xffb\xe2\x80\xaegpj.exe");
        assert_eq!(one.directory(home), r"~/d\x0a");
        let from = OsBytes::from(b"/home/u/x\x1b".to_vec());
        let renamed = change(
            b"/srv/y",
            What::Renamed {
                from,
                changed: false,
            },
        );
        assert_eq!(renamed.words(home, size), r"Was ~/x\x1b · 20 bytes");
        assert_eq!(renamed.directory(home), "/srv");
    }

    #[test]
    fn a_line_says_what_became_of_it_and_how_large_it_is() {
        let words = |what| change(b"/home/u/a", what).words(Path::new("/home/u"), size);
        assert_eq!(words(What::Added), "New · 20 bytes");
        assert_eq!(words(What::Changed), "Changed · 10 bytes → 20 bytes");
        assert_eq!(words(What::Deleted), "Deleted · 10 bytes");
        let mut socket = change(b"/home/u/s", What::Added);
        socket.kind = Kind::Other;
        assert!(
            socket
                .words(Path::new("/"), size)
                .contains("never taken over")
        );
        assert!(!socket.can_be_merged() && !socket.has_lines());
        let mut link = change(b"/home/u/notes.html", What::Added);
        link.kind = Kind::Symlink;
        link.target = b".ssh/id\x1b".to_vec().into();
        link.protected = protected::LEADS_IN.to_owned();
        let mut folder = change(b"/home/u/Documents", What::Attributes);
        folder.kind = Kind::Directory;
        folder.modes = (0o777, 0o755);
        let home = Path::new("/home/u");
        let words = folder.words(home, size);
        assert_eq!(words, "Other permissions · folder · 0755 → 0777");
        assert_eq!(link.words(home, size), r"New · link to .ssh/id\x1b");
        assert!(
            link.warning()
                .is_some_and(|why| why.contains("A link to a protected place"))
        );
    }

    #[test]
    fn what_needs_a_decision_is_left_until_there_is_one() {
        let mut review = Review::default();
        let mut key = change(b"/home/u/.bashrc", What::Changed);
        key.protected = "starts programs".into();
        let mut socket = change(b"/home/u/s", What::Added);
        socket.kind = Kind::Other;
        let all = vec![
            key.clone(),
            change(b"/home/u/a", What::Added),
            conflicting(),
            socket.clone(),
        ];
        review.take(all, true);
        let tokens = |review: &Review| -> Vec<Vec<u8>> {
            review
                .chosen()
                .into_iter()
                .map(|(token, ..)| token)
                .collect()
        };
        assert_eq!(tokens(&review), [b"/home/u/a"]);
        assert_eq!((review.protected(), review.left()), (0, 2));
        review.decide(&conflicting(), Decision::Both);
        review.decide(&key, Decision::Take);
        review.decide(&socket, Decision::Take);
        review.decide_all(Decision::Leave);
        assert_eq!(tokens(&review), [&b"/home/u/.bashrc"[..], b"/home/u/both"]);
        assert_eq!((review.protected(), review.left()), (1, 1));
        let words: Vec<&str> = review
            .chosen()
            .iter()
            .map(|(_, how, open)| how.word(*open))
            .collect();
        assert_eq!(words, ["", "both"]);
        assert_eq!(review.summary(), "4 changes · 2 chosen");
    }

    #[test]
    fn a_decision_lasts_as_long_as_what_it_was_about() {
        let mut review = Review::default();
        review.take(vec![conflicting(), change(b"/home/u/a", What::Added)], true);
        review.decide(&conflicting(), Decision::Take);
        review.decide(&change(b"/home/u/a", What::Added), Decision::Leave);
        // It was written once more.
        let mut again = conflicting();
        again.token = b"other".to_vec();
        review.take(vec![again.clone(), change(b"/home/u/a", What::Added)], true);
        assert_eq!(review.chosen(), [(b"other".to_vec(), Decision::Take, true)]);
        // The user has deleted it meanwhile: that is another question.
        again.conflict = Some(Conflict::Deleted);
        review.take(vec![again], false);
        assert_eq!(review.chosen(), []);
        assert!(review.summary().ends_with("not all can be shown"));
    }

    #[test]
    fn both_are_kept_only_of_what_can_stand_beside_the_other() {
        assert!(conflicting().can_be_both());
        assert!(!change(b"/a", What::Deleted).can_be_both());
        let mut directory = conflicting();
        directory.kind = Kind::Directory;
        assert!(!directory.can_be_both());
    }

    #[test]
    fn lines_of_hostile_files_are_written_out_and_keep_their_tabs() {
        let lines = vec![
            (" ".to_owned(), b"a\tb\n".to_vec()),
            ("-".to_owned(), b"\x1b[2Jold\n".to_vec()),
            ("+".to_owned(), b"n\xe2\x80\xaeew\xff".to_vec()),
        ];
        let difference = Difference::of("text", vec![(7, 2, 7, 2, lines)]);
        let expected = vec![
            Line::At(7),
            Line::Both("a\tb".into()),
            Line::Old(r"\x1b[2Jold".into()),
            Line::New(r"n\xe2\x80\xaeew\xff".into()),
        ];
        assert_eq!(difference, Difference::Lines(expected));
        let unsaid = |kind| matches!(Difference::of(kind, Vec::new()), Difference::Unsaid(_));
        assert!(unsaid("text") && unsaid("binary") && unsaid("large") && unsaid("weather"));
    }

    #[test]
    fn a_line_says_how_a_sandbox_stands() {
        let mut copies = Copies {
            running: true,
            written: true,
            ..Copies::default()
        };
        assert_eq!(copies.summary(), "Runs · Has changes");
        copies = Copies {
            merged: 2,
            ..Copies::default()
        };
        assert_eq!(copies.summary(), "No changes · 2 merged");
    }
}
