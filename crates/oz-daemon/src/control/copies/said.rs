//! What the bus says of the content of changes.

use oz_core::OsBytes;
use oz_core::wire::copies::{Difference, Picture, Side};

/// Where it begins in the original and how many lines that are, the same of the copy, and the lines: each with ` `, `-` or `+`.
pub(super) type Part = (u64, u64, u64, u64, Vec<(String, Vec<u8>)>);

/// `drawn`, `none`, `unknown` or `large`; its width and height, and its colours: red, green, blue and opacity, a byte each.
pub(super) type Drawn = (String, u32, u32, Vec<u8>);

pub(super) fn said(difference: Difference) -> (String, Vec<Part>) {
    let (kind, hunks) = match difference {
        Difference::Lines(hunks) => ("text", hunks),
        Difference::Binary => ("binary", Vec::new()),
        Difference::Large => ("large", Vec::new()),
        Difference::Unknown(_) => ("unknown", Vec::new()),
    };
    let line = |(side, line): (Side, OsBytes)| {
        let sign = match side {
            Side::Both => " ",
            Side::Old => "-",
            Side::New => "+",
        };
        (sign.to_owned(), line.as_bytes().to_vec())
    };
    let parts = hunks.into_iter().map(|hunk| {
        let lines = hunk.lines.into_iter().map(line).collect();
        (hunk.old.0, hunk.old.1, hunk.new.0, hunk.new.1, lines)
    });
    (kind.to_owned(), parts.collect())
}

pub(super) fn drawn(picture: Picture) -> Drawn {
    let word = match &picture {
        Picture::Drawn(_) => "drawn",
        Picture::Nothing => "none",
        Picture::Unknown => "unknown",
        Picture::Large => "large",
    };
    match picture {
        Picture::Drawn(pixels) => (word.to_owned(), pixels.width, pixels.height, pixels.bytes),
        _ => (word.to_owned(), 0, 0, Vec::new()),
    }
}
