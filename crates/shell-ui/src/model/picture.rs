//! Small pictures of what a sandbox changed, as others have drawn them: here no file of an app is read.

use oz_core::wire::copies::{Kind, Pixels, What};

use super::Changed;
use crate::words::tr;

/// What can be seen of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// A small picture.
    Drawn(Pixels),
    /// There is no such file.
    Nothing,
    /// It is no picture, or none that could be drawn.
    Unknown,
    /// It is larger than what is drawn.
    Large,
}

/// What was there before, and what the app has made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// The user's.
    pub before: Picture,
    /// The app's.
    pub after: Picture,
}

/// Ends of the names of files that may be pictures; what they are is seen when they are drawn.
const ENDS: [&str; 6] = ["png", "jpg", "jpeg", "gif", "webp", "bmp"];

impl Changed {
    /// Whether to have it drawn.
    pub fn may_be_picture(&self) -> bool {
        let end = self.path.as_path().extension();
        let end = end.and_then(|end| end.to_str()).unwrap_or_default();
        self.kind == Kind::File
            && self.what != What::Attributes
            && ENDS.iter().any(|known| end.eq_ignore_ascii_case(known))
    }
}

impl Picture {
    /// As the daemon says it: as many colours as it says, and no more than a small picture has.
    pub fn of(word: &str, width: u32, height: u32, bytes: Vec<u8>) -> Self {
        let pixels = Pixels {
            width,
            height,
            bytes,
        };
        match word {
            "drawn" if pixels.is_sane() => Self::Drawn(pixels),
            "none" => Self::Nothing,
            "large" => Self::Large,
            _ => Self::Unknown,
        }
    }
}

impl Pictures {
    /// Whether there is something to see.
    pub fn is_drawn(&self) -> bool {
        [&self.before, &self.after]
            .iter()
            .any(|one| matches!(one, Picture::Drawn(_)))
    }

    /// Why there is not more to see, if something is missing that should be there.
    pub fn missing(&self) -> Option<String> {
        let all = [&self.before, &self.after];
        if all.contains(&&Picture::Large) {
            Some(tr("A picture too large to be drawn"))
        } else if all.contains(&&Picture::Unknown) {
            Some(tr("Not a picture that can be drawn"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::OsBytes;

    #[test]
    fn as_many_colours_are_shown_as_there_are() {
        let drawn = |width, height, count| Picture::of("drawn", width, height, vec![0; count]);
        assert!(matches!(drawn(2, 3, 24), Picture::Drawn(_)));
        for (width, height, count) in [
            (2, 3, 23),
            (2, 3, 25),
            (0, 3, 0),
            (257, 1, 1028),
            (u32::MAX, u32::MAX, 4),
            (1 << 16, 1 << 16, 0),
        ] {
            assert_eq!(drawn(width, height, count), Picture::Unknown);
        }
        assert_eq!(
            Picture::of("large", 2, 3, vec![0; 24]),
            Picture::Large,
            "what is not drawn has no colours"
        );
    }

    #[test]
    fn files_are_drawn_that_are_called_like_pictures() {
        let change = |name: &str, what, kind| Changed {
            path: OsBytes::from(name),
            what,
            kind,
            size: (1, 1),
            conflict: None,
            modes: (0, 0),
            target: Vec::new().into(),
            protected: String::new(),
            token: Vec::new(),
        };
        let is = |name, what, kind| change(name, what, kind).may_be_picture();
        assert!(is("/a.png", What::Changed, Kind::File));
        assert!(is("/a.b.JPG", What::Deleted, Kind::File));
        assert!(!is("/png", What::Changed, Kind::File));
        assert!(!is("/a.png", What::Changed, Kind::Symlink));
        assert!(!is("/a.png", What::Attributes, Kind::File));
    }

    #[test]
    fn what_cannot_be_seen_is_said() {
        let pictures = |before, after| Pictures { before, after };
        let pixels = Pixels {
            width: 1,
            height: 1,
            bytes: vec![0; 4],
        };
        let new = pictures(Picture::Nothing, Picture::Drawn(pixels.clone()));
        assert!(new.is_drawn() && new.missing().is_none());
        let bomb = pictures(Picture::Drawn(pixels), Picture::Large);
        assert!(bomb.is_drawn() && bomb.missing().is_some());
        assert!(!pictures(Picture::Nothing, Picture::Unknown).is_drawn());
    }
}
