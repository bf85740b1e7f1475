//! What a text must be before it is parsed: short, shallow, and free of characters that hide
//! what it says from its reader.

use std::ops::Range;

use super::{Diagnostic, MAX_TEXT, ProfileError, Text};

/// Deepest nesting of lists and objects; the deepest key is at 4.
const MAX_DEPTH: usize = 16;

/// The text with each `#` comment replaced by as many spaces, so that all places stay the same.
pub(super) fn without_hash_comments(text: &Text) -> Result<String, ProfileError> {
    if text.text.len() > MAX_TEXT {
        return Err(refuse(
            text,
            0..0,
            format!("the profile is longer than {} KiB", MAX_TEXT >> 10),
            "",
        ));
    }
    if let Some((at, c)) = text.text.char_indices().find(|(_, c)| hides(*c)) {
        return Err(refuse(
            text,
            at..at + c.len_utf8(),
            format!(
                "the character U+{:04X} is not allowed in a profile",
                u32::from(c)
            ),
            "it can make the text look other than it is",
        ));
    }
    let mut bytes = text.text.clone().into_bytes();
    let mut state = State::Plain;
    let mut depth = 0_usize;
    for at in 0..bytes.len() {
        let byte = bytes[at];
        let next = bytes.get(at + 1).copied();
        state = match (state, byte) {
            (State::Plain, b'"') => State::String,
            (State::Plain, b'#') => State::Hash,
            (State::Plain, b'/') if next == Some(b'/') => State::Line,
            (State::Plain, b'/') if next == Some(b'*') => State::Block { opened: at },
            (State::Plain, b'{' | b'[') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(refuse(
                        text,
                        at..at + 1,
                        format!("lists and objects are nested deeper than {MAX_DEPTH}"),
                        "too deep from here",
                    ));
                }
                State::Plain
            }
            (State::Plain, b'}' | b']') => {
                depth = depth.saturating_sub(1);
                State::Plain
            }
            (State::String, b'\\') => State::Escape,
            (State::String, b'"') => State::Plain,
            (State::Escape, _) => State::String,
            (State::Line | State::Hash | State::String, b'\n') => State::Plain,
            // The opening's own star does not close it: `/*/`.
            (State::Block { opened }, b'/') if at > opened + 2 && bytes[at - 1] == b'*' => {
                State::Plain
            }
            (state, _) => state,
        };
        if matches!(state, State::Hash) {
            bytes[at] = b' ';
        }
    }
    // Whole comments were replaced, so what is left is still UTF-8.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[derive(Clone, Copy)]
enum State {
    Plain,
    String,
    Escape,
    Hash,
    Line,
    Block { opened: usize },
}

/// Strings can spell hidden characters by escapes; nor can a value hold a line break.
pub(super) fn refuse_hidden_in_string(
    text: &Text,
    string: &str,
    span: Range<usize>,
) -> Result<(), ProfileError> {
    match string.chars().find(|c| c.is_control() || hides(*c)) {
        None => Ok(()),
        Some(c) => Err(refuse(
            text,
            span,
            format!(
                "the character U+{:04X} is not allowed in a value",
                u32::from(c)
            ),
            "spelled in here",
        )),
    }
}

/// Control characters but the line's own, and those that turn the direction of writing round.
fn hides(c: char) -> bool {
    matches!(
        c,
        '\u{fffd}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    ) || c.is_control() && !matches!(c, '\n' | '\t' | '\r')
}

fn refuse(text: &Text, span: Range<usize>, message: String, label: &str) -> ProfileError {
    ProfileError::Bounds(Box::new(
        Diagnostic::new(&text.path, &text.text, span, message).label(label),
    ))
}
