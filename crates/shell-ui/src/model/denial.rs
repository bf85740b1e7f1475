//! What a sandbox was refused, in plain language, and what can be done about it.

use oz_core::denied::{Denied, Remedy};
use oz_core::plan::Clipboard;
use oz_core::said::Said;
use oz_host::profile_edit::Change;

use crate::words::{tr, tr_count, tr_with};

/// How much is shown of what it was about.
const SUBJECT: usize = 80;

/// One refusal, as often as it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// Which; none if a later daemon knows more than this panel.
    pub denied: Option<Denied>,
    /// What it was about, if there is more than one thing.
    pub subject: String,
    /// How often.
    pub count: u32,
    /// The last time, in seconds since 1970.
    pub last: u64,
    /// What it wanted, in English.
    pub what: String,
    /// Why it did not get it, in English.
    pub why: String,
}

/// What lets it happen from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    /// The microphone is on.
    Microphone,
    /// The speaker is on.
    Speaker,
    /// Copied text passes these ways.
    Clipboard(Clipboard),
    /// The person chooses the files: what a sandbox says that it was given names none.
    Files,
}

impl Denial {
    /// What it wanted.
    pub fn title(&self) -> String {
        let what = self
            .denied
            .map_or_else(|| self.what.clone(), |denied| tr(denied.entry().what));
        match Said::new(self.subject.as_bytes(), SUBJECT) {
            Some(subject) => format!("{what} {}", subject.quoted()),
            None => what,
        }
    }

    /// Why it did not get it.
    pub fn why(&self) -> String {
        self.denied
            .map_or_else(|| self.why.clone(), |denied| tr(denied.entry().why))
    }

    /// How often, and when; `at` is the last time as people write it.
    pub fn times(&self, at: &str) -> String {
        match self.count {
            0 | 1 => tr_with("Once, at {time}", &[("time", at)]),
            count => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let times = tr_count("{n} time", "{n} times", count);
                tr_with(
                    "{times}, the last at {time}",
                    &[("times", &times), ("time", at)],
                )
            }
        }
    }

    /// What lets it happen until the sandbox ends, if anything does; `clipboard` is what passes now.
    pub fn once(&self, clipboard: Option<Clipboard>) -> Option<Allow> {
        Some(match self.denied?.entry().remedy {
            Remedy::Nothing => return None,
            Remedy::Microphone => Allow::Microphone,
            Remedy::Speaker => Allow::Speaker,
            Remedy::CopyOut => Allow::Clipboard(match clipboard? {
                Clipboard::Off | Clipboard::Out => Clipboard::Out,
                Clipboard::In | Clipboard::Both | Clipboard::Ask => Clipboard::Both,
            }),
            Remedy::PasteIn => Allow::Clipboard(match clipboard? {
                Clipboard::Off | Clipboard::In => Clipboard::In,
                Clipboard::Out | Clipboard::Both | Clipboard::Ask => Clipboard::Both,
            }),
            Remedy::Files => Allow::Files,
        })
    }
}

impl Allow {
    /// What the app's profile says when that holds for every sandbox of it.
    pub fn always(&self) -> Change {
        match self {
            Self::Microphone => Change::set("audio.microphone", "on"),
            Self::Speaker => Change::set("audio.speaker", "on"),
            Self::Clipboard(ways) => Change::set("display.clipboard", ways.word()),
            Self::Files => Change::set("files.drops", "read"),
        }
    }

    /// What that means, before it is done.
    pub fn always_words(&self, app: &str) -> String {
        let fill = [("app", app)];
        match self {
            Self::Microphone => tr_with(
                "{app} hears you whenever it wants to, without asking.",
                &fill,
            ),
            Self::Speaker => tr_with("{app} is heard whenever it plays.", &fill),
            Self::Clipboard(Clipboard::Out) => {
                tr_with("What is copied in {app} can be pasted elsewhere.", &fill)
            }
            Self::Clipboard(Clipboard::In) => {
                tr_with("What is copied elsewhere can be pasted into {app}.", &fill)
            }
            Self::Clipboard(_) => tr_with(
                "What is copied can be pasted from {app} and into it.",
                &fill,
            ),
            Self::Files => tr_with("{app} may read the files that are dropped on it.", &fill),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(denied: Denied) -> Denial {
        Denial {
            denied: Some(denied),
            count: 1,
            ..Denial::default()
        }
    }

    #[test]
    fn what_and_why_are_sentences_and_what_an_app_says_is_quoted() {
        let mut link = denial(Denied::Link);
        link.subject = "https://x/\u{202e}\"y".into();
        assert_eq!(link.title(), "It wanted to open an address. “https://x/'y”");
        assert_eq!(link.times("9:05"), "Once, at 9:05");
        link.count = 3;
        assert_eq!(link.times("9:05"), "3 times, the last at 9:05");
        assert_eq!(link.once(Some(Clipboard::Both)), None);
    }

    #[test]
    fn a_way_of_the_clipboard_is_opened_beside_the_other() {
        let out = denial(Denied::CopyOut);
        assert_eq!(
            out.once(Some(Clipboard::Off)),
            Some(Allow::Clipboard(Clipboard::Out))
        );
        assert_eq!(
            out.once(Some(Clipboard::In)),
            Some(Allow::Clipboard(Clipboard::Both))
        );
        assert_eq!(out.once(None), None);
        let ways = denial(Denied::PasteIn)
            .once(Some(Clipboard::Off))
            .expect("is allowed");
        assert_eq!(ways.always(), Change::set("display.clipboard", "in"));
    }

    #[test]
    fn a_later_daemon_is_believed_in_its_own_words() {
        let later = Denial {
            what: "It wanted a coffee.".into(),
            why: "There is none.".into(),
            ..Denial::default()
        };
        assert_eq!(later.title(), "It wanted a coffee.");
        assert_eq!(later.why(), "There is none.");
        assert_eq!(later.once(None), None);
    }
}
