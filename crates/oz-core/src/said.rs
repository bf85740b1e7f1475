//! What an app says of itself, made fit for a question to a person.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// How much of what an app says is looked at at all.
const READ: usize = 4 << 10;
/// Marks above or below one letter; no language stacks more.
const MARKS: usize = 2;

/// Text from an app, on one line and capped, that can neither end its quotation nor turn the
/// reading direction of what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// At most `most` characters of it; nothing if nothing can be seen of it.
    pub fn new(untrusted: &[u8], most: usize) -> Option<Self> {
        let read = &untrusted[..untrusted.len().min(READ)];
        let mut said = Filter::default();
        for chunk in read.utf8_chunks() {
            chunk.valid().chars().for_each(|c| said.take(c));
            if !chunk.invalid().is_empty() {
                said.take(char::REPLACEMENT_CHARACTER);
            }
        }
        let text = said.text.trim_end();
        let cut = text.char_indices().nth(most).map(|(index, _)| index);
        let text = match cut {
            Some(cut) => format!("{}…", &text[..cut]),
            None if untrusted.len() > READ => format!("{text}…"),
            None => text.to_owned(),
        };
        (!text.is_empty()).then_some(Self(text))
    }

    /// Without quotation marks.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands in a sentence.
    pub fn quoted(&self) -> String {
        format!("“{}”", self.0)
    }
}

#[derive(Default)]
struct Filter {
    text: String,
    marks: usize,
}

impl Filter {
    fn take(&mut self, c: char) {
        let c = match c {
            c if c.is_whitespace() => ' ',
            // Any of them could seem to end the quotation.
            '"' | '\u{201c}'..='\u{201f}' | '«' | '»' | '\u{301d}'..='\u{301f}' | '\u{ff02}' => {
                '\''
            }
            c => c,
        };
        let drop = match c.general_category() {
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::EnclosingMark => true,
            GeneralCategory::NonspacingMark => {
                self.marks += 1;
                self.marks > MARKS || self.text.is_empty()
            }
            GeneralCategory::SpaceSeparator => {
                self.marks = 0;
                self.text.is_empty() || self.text.ends_with(' ')
            }
            _ => {
                self.marks = 0;
                is_blank(c)
            }
        };
        if !drop {
            self.text.push(c);
        }
    }
}

/// Letters and symbols that are drawn as nothing.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(untrusted: &str) -> String {
        Said::new(untrusted.as_bytes(), 64).map_or_else(String::new, |said| said.0)
    }

    #[test]
    fn what_steers_a_terminal_or_the_reading_direction_is_dropped() {
        assert_eq!(said("parec"), "parec");
        assert_eq!(said("a\u{1b}[31mb\0c\u{7}"), "a[31mbc");
        assert_eq!(said("gpj\u{202e}exe.\u{2066}x\u{200f}"), "gpjexe.x");
        assert_eq!(said("a\u{200b}\u{feff}\u{ad}\u{e0041}b"), "ab");
        assert_eq!(said("\u{3164}\u{2800}"), "");
    }

    #[test]
    fn it_stays_on_one_line() {
        assert_eq!(
            said("  parec\n\nAllowed by\tthe system\u{2028}x "),
            "parec Allowed by the system x"
        );
    }

    #[test]
    fn it_cannot_end_its_quotation() {
        let said = Said::new("x” wants nothing. \"«".as_bytes(), 64).expect("visible");
        assert_eq!(said.quoted(), "“x' wants nothing. ''”");
    }

    #[test]
    fn marks_do_not_pile_up() {
        assert_eq!(said("e\u{301}\u{302}\u{303}\u{304}"), "e\u{301}\u{302}");
        assert_eq!(said("a\u{20dd}"), "a");
        assert_eq!(said("नमस्ते"), "नमस्ते");
    }

    #[test]
    fn it_is_capped_in_characters_and_what_is_not_text_is_seen_to_be_not() {
        assert_eq!(said(&"é".repeat(4096)).chars().count(), 65);
        assert!(said(&"é".repeat(65)).ends_with('…'));
        assert!(!said(&"é".repeat(64)).ends_with('…'));
        assert_eq!(
            Said::new(b"a\xff\xfeb", 64).map(|said| said.0).as_deref(),
            Some("a\u{fffd}\u{fffd}b")
        );
        assert!(Said::new(b"", 64).is_none());
        assert!(Said::new(b"\n\r\0", 64).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_one_short_line_without_quotes(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
            if let Some(said) = Said::new(&bytes, 64) {
                prop_assert!(said.0.chars().count() <= 65);
                prop_assert!(!said.0.chars().any(|c| c.is_control() || "\"“”«»".contains(c)));
                prop_assert_eq!(said.0.trim(), said.0.as_str());
            }
        }
    }
}
