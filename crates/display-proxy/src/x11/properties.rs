//! What a window says of itself. Every value is the app's: of any type, length and encoding.
//!
//! ICCCM 4.1.2: <https://www.x.org/releases/X11R7.7/doc/xorg-docs/icccm/icccm.html>, EWMH:
//! <https://specifications.freedesktop.org/wm-spec/latest/>

use x11rb_protocol::protocol::xproto::{AtomEnum, GetPropertyReply};
use x11rb_protocol::x11_utils::TryParse;

use super::atoms::Atoms;
use super::icons::{self, Picture};
use crate::policy;

/// Words of a property that are asked for: a title, and more than any list that counts.
pub(crate) const WORDS: u32 = 1024;

/// The properties that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Property {
    /// `_NET_WM_NAME`
    Title,
    /// `WM_NAME`
    OldTitle,
    /// `WM_CLASS`
    Class,
    /// `WM_NORMAL_HINTS`
    SizeHints,
    /// `WM_HINTS`
    Hints,
    /// `WM_TRANSIENT_FOR`
    Transient,
    /// `WM_PROTOCOLS`
    Protocols,
    /// `_NET_WM_STATE`
    State,
    /// `_MOTIF_WM_HINTS`
    Motif,
    /// `_GTK_FRAME_EXTENTS`
    Shadow,
    /// `_NET_WM_ICON`
    Icon,
    /// `_NET_STARTUP_ID`
    Startup,
}

impl Property {
    /// All.
    pub(crate) const ALL: [Self; 12] = [
        Self::Title,
        Self::OldTitle,
        Self::Class,
        Self::SizeHints,
        Self::Hints,
        Self::Transient,
        Self::Protocols,
        Self::State,
        Self::Motif,
        Self::Shadow,
        Self::Icon,
        Self::Startup,
    ];

    /// Words of it that are asked for.
    pub(crate) fn longest(self) -> u32 {
        match self {
            Self::Icon => icons::WORDS,
            _ => WORDS,
        }
    }

    /// Its name.
    pub(crate) fn atom(self, atoms: &Atoms) -> u32 {
        match self {
            Self::Title => atoms.net_wm_name,
            Self::OldTitle => AtomEnum::WM_NAME.into(),
            Self::Class => AtomEnum::WM_CLASS.into(),
            Self::SizeHints => AtomEnum::WM_NORMAL_HINTS.into(),
            Self::Hints => AtomEnum::WM_HINTS.into(),
            Self::Transient => AtomEnum::WM_TRANSIENT_FOR.into(),
            Self::Protocols => atoms.wm_protocols,
            Self::State => atoms.net_wm_state,
            Self::Motif => atoms.motif_wm_hints,
            Self::Shadow => atoms.gtk_frame_extents,
            Self::Icon => atoms.net_wm_icon,
            Self::Startup => atoms.net_startup_id,
        }
    }

    /// The property of that name.
    pub(crate) fn named(atom: u32, atoms: &Atoms) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|property| property.atom(atoms) == atom)
    }
}

/// Sizes that a window wants, in pixels; 0 where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) min: (i32, i32),
    pub(crate) max: (i32, i32),
    base: (i32, i32),
    step: (i32, i32),
    /// The narrowest and the widest shape, as width to height.
    aspect: Option<[(i32, i32); 2]>,
}

impl Sizes {
    /// The largest size within this one of which the window consists of whole steps.
    pub(crate) fn nearest(&self, (width, height): (i32, i32)) -> (i32, i32) {
        let whole = |length: i32, base: i32, step: i32| {
            if step > 1 && length > base {
                base + (length - base) / step * step
            } else {
                length
            }
        };
        let (width, height) = self.shaped((width, height));
        (
            whole(width, self.base.0, self.step.0),
            whole(height, self.base.1, self.step.1),
        )
    }

    /// The largest size within this one that is neither narrower nor wider than the window wants to be.
    fn shaped(&self, (width, height): (i32, i32)) -> (i32, i32) {
        let Some([narrowest, widest]) = self.aspect else {
            return (width, height);
        };
        let at_most = |length: i32, other: i32, (part, of): (i32, i32)| {
            let most = i64::from(other) * i64::from(part) / i64::from(of);
            length.min(i32::try_from(most).unwrap_or(length).max(1))
        };
        (
            at_most(width, height, widest),
            at_most(height, width, (narrowest.1, narrowest.0)),
        )
    }
}

/// What a window has said.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    title: Option<String>,
    old_title: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) sizes: Sizes,
    /// It wants no keyboard.
    pub(crate) no_input: bool,
    pub(crate) transient: Option<u32>,
    pub(crate) deletes: bool,
    pub(crate) takes_focus: bool,
    pub(crate) answers_pings: bool,
    pub(crate) fullscreen: bool,
    pub(crate) maximized: bool,
    pub(crate) modal: bool,
    /// It draws its frame itself, or wants none.
    pub(crate) undecorated: bool,
    /// How much of it is shadow: left, right, top, bottom.
    pub(crate) shadow: [i32; 4],
    /// It wants the user's attention.
    pub(crate) urgent: bool,
    pub(super) icon: Vec<Picture>,
    /// Which click has started its program.
    pub(crate) startup: Option<String>,
}

impl Properties {
    /// The title as a person may see it.
    pub(crate) fn title(&self) -> Option<String> {
        let title = self.title.as_ref().or(self.old_title.as_ref())?;
        Some(policy::shown(title, policy::TITLE_MAX))
    }

    /// Notes the answer to a question for a property; none if the window is gone.
    pub(crate) fn set(&mut self, property: Property, answer: Option<&[u8]>, atoms: &Atoms) {
        let reply = answer.and_then(|bytes| GetPropertyReply::try_parse(bytes).ok());
        let value = Value(reply.map(|(reply, _)| reply));
        match property {
            Property::Title => self.title = value.text(),
            Property::OldTitle => self.old_title = value.text(),
            Property::Class => {
                // The instance, NUL, the class, NUL.
                let text = value.text();
                let class = text.as_deref().and_then(|text| text.split('\0').nth(1));
                self.class = class.filter(|class| !class.is_empty()).map(str::to_owned);
            }
            Property::SizeHints => self.sizes = sizes(&value.words()),
            Property::Hints => {
                const INPUT: u32 = 1;
                let words = value.words();
                let flags = words.first().copied().unwrap_or(0);
                self.no_input = flags & INPUT != 0 && words.get(1) == Some(&0);
                const URGENT: u32 = 1 << 8;
                self.urgent = flags & URGENT != 0;
            }
            Property::Transient => {
                self.transient = value.words().first().copied().filter(|window| *window != 0);
            }
            Property::Protocols => {
                let words = value.words();
                self.deletes = words.contains(&atoms.wm_delete_window);
                self.takes_focus = words.contains(&atoms.wm_take_focus);
                self.answers_pings = words.contains(&atoms.net_wm_ping);
            }
            Property::State => {
                let words = value.words();
                self.fullscreen = words.contains(&atoms.net_wm_state_fullscreen);
                self.maximized = words.contains(&atoms.net_wm_state_maximized_horz)
                    && words.contains(&atoms.net_wm_state_maximized_vert);
                self.modal = words.contains(&atoms.net_wm_state_modal);
            }
            Property::Motif => {
                const DECORATIONS: u32 = 2;
                let words = value.words();
                let says = words.first().is_some_and(|flags| flags & DECORATIONS != 0);
                self.undecorated = says && words.get(2) == Some(&0);
            }
            Property::Shadow => {
                let words = value.words();
                let side = |at: usize| words.get(at).map_or(0, |word| length(*word));
                self.shadow = [side(0), side(1), side(2), side(3)];
            }
            Property::Icon => self.icon = icons::pictures(&value.words()),
            Property::Startup => self.startup = value.text(),
        }
    }
}

/// A value, if there is one.
struct Value(Option<GetPropertyReply>);

impl Value {
    /// Numbers, if it is made of some.
    fn words(&self) -> Vec<u32> {
        let words = self.0.as_ref().and_then(GetPropertyReply::value32);
        words.map(Iterator::collect).unwrap_or_default()
    }

    /// Text, whatever its encoding is said to be: what is no UTF-8 is taken for Latin-1.
    fn text(&self) -> Option<String> {
        let bytes: Vec<u8> = self.0.as_ref()?.value8()?.collect();
        if bytes.is_empty() {
            return None;
        }
        let latin = |error: std::string::FromUtf8Error| {
            let bytes = error.into_bytes();
            bytes.into_iter().map(char::from).collect()
        };
        Some(String::from_utf8(bytes).unwrap_or_else(latin))
    }
}

fn length(word: u32) -> i32 {
    i32::try_from(word).unwrap_or(0).min(policy::SIDE_MAX)
}

/// `WM_SIZE_HINTS`: flags, four words that nobody uses, then pairs.
fn sizes(words: &[u32]) -> Sizes {
    const MIN: u32 = 1 << 4;
    const MAX: u32 = 1 << 5;
    const STEP: u32 = 1 << 6;
    const ASPECT: u32 = 1 << 7;
    const BASE: u32 = 1 << 8;
    let flags = words.first().copied().unwrap_or(0);
    let pair = |flag: u32, at: usize| match words.get(at..at + 2) {
        Some([width, height]) if flags & flag != 0 => (length(*width), length(*height)),
        _ => (0, 0),
    };
    let shape = |at| match pair(ASPECT, at) {
        (width, height) if width > 0 && height > 0 => Some((width, height)),
        _ => None,
    };
    let (min, max) = (pair(MIN, 5), pair(MAX, 7));
    let base = pair(BASE, 15);
    Sizes {
        min,
        // A host ends the connection of who says that the least is more than the most.
        max: if max.0 < min.0 || max.1 < min.1 {
            (0, 0)
        } else {
            max
        },
        base: if base == (0, 0) { min } else { base },
        step: pair(STEP, 9),
        aspect: shape(11).zip(shape(13)).map(<[_; 2]>::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(format: u8, count: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, format, 0, 0];
        let words = u32::try_from(value.len().div_ceil(4)).unwrap();
        bytes.extend(words.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(count.to_le_bytes());
        bytes.extend([0; 12]);
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn words(words: &[u32]) -> Vec<u8> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        reply(32, u32::try_from(words.len()).unwrap(), &bytes)
    }

    fn said(property: Property, answer: &[u8]) -> Properties {
        let mut properties = Properties::default();
        let mut atoms = Atoms::default();
        for place in 0..super::super::atoms::NAMES.len() {
            atoms.set(place, 100 + u32::try_from(place).unwrap());
        }
        properties.set(property, Some(answer), &atoms);
        properties
    }

    #[test]
    fn a_title_is_text_whatever_bytes_it_has() {
        let title = |bytes: &[u8]| {
            let count = u32::try_from(bytes.len()).unwrap();
            said(Property::Title, &reply(8, count, bytes)).title()
        };
        assert_eq!(title(b"xterm").as_deref(), Some("xterm"));
        assert_eq!(title(b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(title(b"a\0b\x1b[31m\n").as_deref(), Some("ab[31m"));
        assert_eq!(title("\u{202e}abc".as_bytes()).as_deref(), Some("abc"));
        assert_eq!(title(b""), None);
    }

    #[test]
    fn values_of_another_format_or_length_say_nothing() {
        for property in Property::ALL {
            for answer in [
                reply(8, 3, b"abc"),
                reply(16, 1, b"ab"),
                words(&[]),
                words(&[u32::MAX; 3]),
                words(&[u32::MAX; 40]),
                vec![1, 32, 0, 0, 255, 255, 255, 255],
                Vec::new(),
            ] {
                said(property, &answer);
            }
        }
        assert_eq!(
            said(Property::SizeHints, &reply(8, 3, b"abc")).sizes,
            Sizes::default()
        );
        assert_eq!(said(Property::Title, &words(&[1, 2])).title(), None);
    }

    #[test]
    fn a_terminal_is_made_of_whole_cells() {
        let mut hints = [0; 18];
        hints[0] = 1 << 4 | 1 << 6 | 1 << 8;
        (hints[5], hints[6]) = (10, 17);
        (hints[9], hints[10]) = (6, 13);
        (hints[15], hints[16]) = (4, 4);
        let sizes = said(Property::SizeHints, &words(&hints)).sizes;
        assert_eq!(sizes.nearest((100, 100)), (100, 95));
        assert_eq!(sizes.min, (10, 17));
    }

    #[test]
    fn a_window_is_no_wider_and_no_narrower_than_it_wants() {
        let mut hints = [0; 18];
        hints[0] = 1 << 7;
        hints[11..15].copy_from_slice(&[1, 2, 2, 1]);
        let sizes = said(Property::SizeHints, &words(&hints)).sizes;
        assert_eq!(sizes.nearest((400, 100)), (200, 100));
        assert_eq!(sizes.nearest((100, 400)), (100, 200));
        assert_eq!(sizes.nearest((100, 100)), (100, 100));
        hints[12] = 0;
        let sizes = said(Property::SizeHints, &words(&hints)).sizes;
        assert_eq!(sizes.nearest((400, 100)), (400, 100));
    }

    #[test]
    fn a_window_says_that_it_is_urgent() {
        let urgent = |flags| said(Property::Hints, &words(&[flags, 0, 0])).urgent;
        assert!(urgent(1 << 8) && !urgent(1 << 7));
    }

    #[test]
    fn a_largest_size_below_the_least_is_none() {
        let mut hints = [0; 18];
        hints[0] = 1 << 4 | 1 << 5;
        (hints[5], hints[6], hints[7], hints[8]) = (100, 100, 50, 200);
        let sizes = said(Property::SizeHints, &words(&hints)).sizes;
        assert_eq!((sizes.min, sizes.max), ((100, 100), (0, 0)));
    }
}
