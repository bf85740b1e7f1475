//! Which template fits, by the categories of the desktop entry, and without one by what the program's file needs.
//! <https://specifications.freedesktop.org/menu-spec/latest/category-registry.html>

use super::{Choice, Facts, needs};

pub(super) const GENERIC: &str = "generic";

/// Categories of programs that talk to others by their nature, and have no template of their own.
pub(super) const TALKS: &[&str] = &[
    "Email",
    "InstantMessaging",
    "Chat",
    "IRCClient",
    "News",
    "Feed",
    "FileTransfer",
    "P2P",
    "RemoteAccess",
    "Telephony",
    "VideoConference",
];

/// Categories in the order in which they count: what is more exact, or gives less, is first.
const CATEGORIES: &[(&str, &[&str])] = &[
    ("browser", &["WebBrowser"]),
    ("terminal", &["TerminalEmulator"]),
    // Before what it views.
    ("viewer", &["Viewer"]),
    (
        "media",
        &[
            "Player",
            "Music",
            "AudioVideo",
            "Audio",
            "Video",
            "TV",
            "Tuner",
        ],
    ),
    (
        "editor",
        &[
            "TextEditor",
            "WordProcessor",
            "Spreadsheet",
            "Presentation",
            "IDE",
            "RasterGraphics",
            "VectorGraphics",
            "2DGraphics",
            "3DGraphics",
            "Photography",
            "Publishing",
            "Office",
        ],
    ),
];

/// The one that fits.
pub(super) fn choose(facts: &Facts) -> Choice {
    let choice = |template: &str, why: String| Choice {
        template: template.to_owned(),
        why,
    };
    for (template, categories) in CATEGORIES {
        // What talks to others by its nature is none of these, whatever else it says.
        let talks = facts.category(TALKS).is_some() && *template != "browser";
        if let Some(category) = facts.category(categories).filter(|_| !talks) {
            return choice(template, format!("its desktop entry says {category}"));
        }
    }
    let needs = needs(facts.analysis.as_ref());
    if facts.entry.is_none()
        && let (Some(window), Some(media)) = (needs.windows.first(), needs.media.first())
    {
        return choice(
            "media",
            format!("it decodes films or music, by {media}, and shows them, by {window}"),
        );
    }
    let why = match &facts.entry {
        Some(entry) if entry.categories.is_empty() => {
            "its desktop entry says nothing of what it is"
        }
        Some(_) => "no template is for what its desktop entry says",
        None => "no desktop entry starts it",
    };
    choice(GENERIC, why.to_owned())
}

/// Whether it gives what `generic` does not, beyond a home that lasts.
pub(super) fn gives_more(template: &str) -> bool {
    // The network; system calls for walls of its own.
    template == "browser"
}

/// Whether its home lasts.
pub(super) fn has_lasting_home(template: &str) -> bool {
    !matches!(template, GENERIC | "viewer")
}

/// Whether it is heard.
pub(super) fn is_heard(template: &str) -> bool {
    !matches!(template, "viewer" | "editor")
}
