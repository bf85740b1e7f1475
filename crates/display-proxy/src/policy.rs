//! Who is trusted, and what is permitted.
//!
//! **Trusted:** the kernel, the host compositor, the daemon that started this process and wrote
//! its configuration. **Hostile:** every byte, descriptor and number that arrives from an app,
//! and everything that the apps of one sandbox do to each other; they may lie, flood, never
//! read, vanish at any point, and start again with what they have learnt.
//!
//! This process serves one sandbox. It never opens a file of the user and never looks anything
//! up by a name that an app gave. What reaches the host is state that was checked here, written
//! as fresh requests by our own client library; no message of an app is forwarded. Each app
//! client has its own host connection and its own display here, so that whatever slips through
//! costs its sender alone, and even a bug of ours (a panic) ends only the client that met it.
//!
//! **Globals.** Only what `globals.rs` lists, each with its reason. Screen capture, data control,
//! layer shell, virtual input, foreign toplevels, input methods and session lock do not exist.
//!
//! **Memory.** The host maps an app's memory only if it is a memory file that can no longer
//! shrink; a file of a disk or of FUSE could stall or kill whoever touches the mapping. All
//! other memory is copied, by `pread`, which cannot fault. Every offset is checked with
//! arithmetic that cannot wrap. What a GPU has drawn passes only from apps that are given one, and only if the kernel says
//! that the descriptor is memory of a device.
//!
//! **Input.** Events go where the host sends them: to the client whose window has the focus.
//! Requests that need the user's doing (grab, move, resize, window menu, selection) must name
//! the serial of a key, button or touch that this client really received, or nothing happens.
//!
//! **Clipboard.** Between host and sandbox the kinds of content that the configuration names for each direction, in the
//! directions that are open; anything within the sandbox. A read of the host's clipboard is served within two seconds of
//! a key or button that the client's window received; else the user is asked if the client has the keyboard, and it gets
//! nothing if it has not. If the directions say so the user is always asked. A question waits only so long, there is
//! one at a time, and its answer is for what was copied when it was put. Every transfer runs through a pipe made here: no descriptor of an app reaches the host or the
//! reverse. A transfer that has not begun when the selection changes never serves.
//!
//! **Drags.** The types that pass are text and lists of files, in the direction of the clipboard; anything
//! within the sandbox. An app reads only what was dropped on its window, never what passes above it.
//! A list of files is read here, whole, and the daemon says what has become of each file: dropped by the
//! host it becomes the app's, by the profile; dragged out it is one that the sandbox has, or it is left out.
//! What a sandbox drags carries a mark that its app can neither leave out nor forge, and is given
//! nothing that this sandbox has not. A start needs the serial of a button, as above; what is dragged out
//! can only be copied. Clients of the sandbox's X server drag by the same rules; a button must be held on a window of the client
//! that drags. Reads, answers and transfers have deadlines.
//!
//! **Names.** Titles and application ids are capped and stripped of control and direction
//! characters. Output names are generic.
//!
//! **The mark.** Windows and popups have a border in the sandbox's colour, of surfaces of the proxy's own, above all of the
//! app's and around all that the app shows; `mark/` has the rules. Titles begin with the sandbox's name. Whether a wish to
//! fill the screen is the user's no protocol says: it is believed within two seconds of a key, button or touch that the
//! client received, and the border stays in any case.
//!
//! **Not promised here:** what a *compromised* proxy could do is what any client of the host could.

use oz_core::plan::Content;

/// Longest title that is relayed, in bytes. Longer ones are cut: a browser may mean no harm.
pub const TITLE_MAX: usize = 1024;
/// Longest application id.
pub const APP_ID_MAX: usize = 256;
/// Longest side of a buffer or window.
pub const SIDE_MAX: i32 = 16_384;
/// Longest side of a cursor image. Larger ones could cover the screen.
pub const CURSOR_MAX: i32 = 512;
/// Longest side of a picture under the pointer that drags; larger ones are not shown.
pub const DRAG_ICON_MAX: i32 = 1024;
/// Longest side of a window's icon.
pub const ICON_MAX: i32 = 512;
/// Largest pool. Some terminals map half a gigabyte and use little of it.
pub const POOL_MAX: i32 = 1 << 30;
/// Longest MIME type; longer ones are ignored.
pub const MIME_MAX: usize = 256;
/// MIME types per offer; further ones are ignored.
pub const MIMES_MAX: usize = 128;
/// Bytes of one transfer of what is dragged.
pub const TRANSFER_MAX: u64 = 64 << 20;
/// Bytes of one list of files.
pub const LIST_MAX: usize = 256 << 10;

/// A text from an app as a person may see it: control characters and those that turn the reading
/// direction are dropped, and it is cut at a character boundary.
#[must_use]
pub fn shown(untrusted: &str, max: usize) -> String {
    let mut text = String::with_capacity(untrusted.len().min(max));
    for character in untrusted.chars().filter(|c| !is_deceptive(*c)) {
        if text.len() + character.len_utf8() > max {
            break;
        }
        text.push(character);
    }
    text
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Pictures of pixels. Not those that are programs, such as SVG.
const IMAGES: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/x-bmp",
    "image/x-MS-bmp",
    "image/tiff",
];

/// What kind of content a MIME type stands for; none that may cross when copied, if it is none of them.
#[must_use]
pub fn content(mime: &str) -> Option<Content> {
    match mime {
        _ if is_text(mime) => Some(Content::Text),
        "text/html" => Some(Content::Html),
        _ if IMAGES.contains(&mime) => Some(Content::Images),
        _ => None,
    }
}

/// Whether a MIME type is plain text.
#[must_use]
pub fn is_text(mime: &str) -> bool {
    mime == "text/plain"
        || mime.starts_with("text/plain;")
        || matches!(mime, "UTF8_STRING" | "STRING" | "TEXT")
}

/// Whether a side of a buffer or window is in range.
#[must_use]
pub fn is_side(length: i32) -> bool {
    (1..=SIDE_MAX).contains(&length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_and_control_characters_are_dropped() {
        assert_eq!(shown("a\u{202e}b\nc\u{1b}[31m\0", 64), "abc[31m");
    }

    #[test]
    fn cutting_respects_characters() {
        assert_eq!(shown("ééé", 5), "éé");
        assert_eq!(shown(&"x".repeat(9000), TITLE_MAX).len(), TITLE_MAX);
    }

    #[test]
    fn a_type_is_what_its_name_says_and_no_more() {
        assert_eq!(content("text/plain;charset=utf-8"), Some(Content::Text));
        assert_eq!(content("text/html"), Some(Content::Html));
        assert_eq!(content("image/png"), Some(Content::Images));
        for other in [
            "image/svg+xml",
            "text/uri-list",
            "application/x-executable",
            "",
        ] {
            assert_eq!(content(other), None, "{other}");
        }
    }

    #[test]
    fn only_text_is_text() {
        assert!(is_text("text/plain") && is_text("text/plain;charset=utf-8") && is_text("TEXT"));
        assert!(!is_text("text/plainly") && !is_text("text/uri-list") && !is_text("text/html"));
        assert!(!is_text("x-kde-passwordManagerHint"));
    }
}
