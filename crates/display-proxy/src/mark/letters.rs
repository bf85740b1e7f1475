//! The name of a sandbox in letters: of a font of the host's, or of a few of our own where there is none.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use tracing::warn;

/// Height of a line of letters in logical pixels.
const HEIGHT: f32 = 13.0;
/// Names are cut here, in logical pixels. The longest name in wide letters is hardly longer.
const WIDEST: f32 = 640.0;

/// How much of each pixel is covered.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// 0 to 255, row by row.
    pub(crate) alpha: Vec<u8>,
}

/// A name at a scale of the screen.
pub(crate) fn mask(name: &str, font: Option<&[u8]>, scale: i32) -> Mask {
    let scale = u8::try_from(scale).unwrap_or(1);
    let drawn = font.and_then(|font| match FontRef::try_from_slice(font) {
        Ok(font) => of_font(name, &font, f32::from(scale)),
        Err(error) => {
            warn!(%error, "the font of the mark cannot be used");
            None
        }
    });
    drawn.unwrap_or_else(|| of_our_own(name, usize::from(scale)))
}

/// None if the font has none of the letters.
fn of_font(name: &str, font: &FontRef<'_>, scale: f32) -> Option<Mask> {
    let font = font.as_scaled(PxScale::from(HEIGHT * scale));
    let mut right = 0.0;
    let mut glyphs: Vec<Glyph> = Vec::new();
    for letter in name.chars() {
        let mut glyph = font.scaled_glyph(letter);
        if let Some(before) = glyphs.last() {
            right += font.kern(before.id, glyph.id);
        }
        glyph.position = point(right, font.ascent());
        right += font.h_advance(glyph.id);
        if glyph.id.0 == 0 || right > WIDEST * scale {
            break;
        }
        glyphs.push(glyph);
    }
    if glyphs.len() < name.chars().count().min(1) {
        return None;
    }
    let mut mask = blank(whole(right), whole(font.height()));
    for glyph in glyphs {
        let Some(outline) = font.outline_glyph(glyph) else {
            continue;
        };
        let corner = outline.px_bounds().min;
        let (left, above) = (corner.x.floor(), corner.y.floor());
        outline.draw(|x, y, covered| {
            let place = |start: f32, at: u32| start + f32::from(u16::try_from(at).unwrap_or(0));
            mask.cover(place(left, x), place(above, y), covered);
        });
    }
    mask.alpha.iter().any(|alpha| *alpha > 0).then_some(mask)
}

/// Pixels, of a length that is bounded by [`WIDEST`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped first; a float has no checked conversion"
)]
fn whole(length: f32) -> usize {
    length.ceil().clamp(0.0, 4096.0) as usize
}

fn blank(width: usize, height: usize) -> Mask {
    Mask {
        width,
        height,
        alpha: vec![0; width * height],
    }
}

impl Mask {
    fn cover(&mut self, x: f32, y: f32, covered: f32) {
        if x < 0.0 || y < 0.0 {
            return;
        }
        let (x, y) = (whole(x), whole(y));
        if x < self.width && y < self.height {
            let alpha = u8::try_from(whole(covered.clamp(0.0, 1.0) * 255.0)).unwrap_or(u8::MAX);
            let pixel = &mut self.alpha[y * self.width + x];
            *pixel = pixel.saturating_add(alpha);
        }
    }
}

/// Letters of five by seven pixels; all that names of sandboxes have, and a box for the rest.
fn of_our_own(name: &str, scale: usize) -> Mask {
    let letters: Vec<_> = name.chars().take(100).map(shape).collect();
    let mut mask = blank(letters.len() * 6 * scale, 7 * scale);
    for (at, rows) in letters.iter().enumerate() {
        for (pixel, alpha) in mask.alpha.iter_mut().enumerate() {
            let (x, y) = (pixel % mask.width / scale, pixel / mask.width / scale);
            let column = x.wrapping_sub(at * 6);
            if column < 5 && rows[y] & (0b1_0000 >> column) != 0 {
                *alpha = 255;
            }
        }
    }
    mask
}

/// A letter, a row each byte.
fn shape(letter: char) -> [u8; 7] {
    match letter {
        'a' => [0, 0, 14, 1, 15, 17, 15],
        'b' => [16, 16, 30, 17, 17, 17, 30],
        'c' => [0, 0, 15, 16, 16, 16, 15],
        'd' => [1, 1, 15, 17, 17, 17, 15],
        'e' => [0, 0, 14, 17, 31, 16, 14],
        'f' => [3, 4, 14, 4, 4, 4, 4],
        'g' => [0, 15, 17, 17, 15, 1, 14],
        'h' => [16, 16, 30, 17, 17, 17, 17],
        'i' => [4, 0, 12, 4, 4, 4, 14],
        'j' => [2, 0, 6, 2, 2, 18, 12],
        'k' => [16, 16, 18, 20, 24, 20, 18],
        'l' => [12, 4, 4, 4, 4, 4, 14],
        'm' => [0, 0, 26, 21, 21, 21, 21],
        'n' => [0, 0, 30, 17, 17, 17, 17],
        'o' => [0, 0, 14, 17, 17, 17, 14],
        'p' => [0, 30, 17, 17, 30, 16, 16],
        'q' => [0, 15, 17, 17, 15, 1, 1],
        'r' => [0, 0, 22, 25, 16, 16, 16],
        's' => [0, 0, 15, 16, 14, 1, 30],
        't' => [4, 4, 14, 4, 4, 4, 3],
        'u' => [0, 0, 17, 17, 17, 17, 15],
        'v' => [0, 0, 17, 17, 17, 10, 4],
        'w' => [0, 0, 17, 21, 21, 21, 10],
        'x' => [0, 0, 17, 10, 4, 10, 17],
        'y' => [0, 17, 17, 17, 15, 1, 14],
        'z' => [0, 0, 31, 2, 4, 8, 31],
        '0' => [14, 17, 19, 21, 25, 17, 14],
        '1' => [4, 12, 4, 4, 4, 4, 14],
        '2' => [14, 17, 1, 6, 8, 16, 31],
        '3' => [30, 1, 1, 14, 1, 1, 30],
        '4' => [2, 6, 10, 18, 31, 2, 2],
        '5' => [31, 16, 30, 1, 1, 17, 14],
        '6' => [6, 8, 16, 30, 17, 17, 14],
        '7' => [31, 1, 2, 4, 8, 8, 8],
        '8' => [14, 17, 17, 14, 17, 17, 14],
        '9' => [14, 17, 17, 15, 1, 2, 12],
        '-' => [0, 0, 0, 31, 0, 0, 0],
        '_' => [0, 0, 0, 0, 0, 0, 31],
        '.' => [0, 0, 0, 0, 0, 12, 12],
        _ => [31, 17, 17, 17, 17, 17, 31],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_names_has_a_letter_and_no_two_the_same() {
        let names = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
        let mut shapes: Vec<_> = names.chars().map(shape).collect();
        shapes.push(shape('?'));
        let count = shapes.len();
        shapes.sort_unstable();
        shapes.dedup();
        assert_eq!(shapes.len(), count);
        assert!(shapes.iter().flatten().all(|row| *row < 32));
    }

    #[test]
    fn letters_grow_with_the_scale() {
        let (small, large) = (mask("ab", None, 1), mask("ab", None, 3));
        assert_eq!((small.width, small.height), (12, 7));
        assert_eq!((large.width, large.height), (36, 21));
        assert_eq!(small.alpha[1], large.alpha[3 * 36 + 3]);
    }

    #[test]
    fn what_is_no_font_does_no_harm() {
        for wrong in [&b""[..], b"\0\x01\0\0", &[0xff; 4000]] {
            assert_eq!(mask("gedit", Some(wrong), 1), mask("gedit", None, 1));
        }
    }

    #[test]
    fn a_font_of_the_host_is_used() {
        let path = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf";
        let Ok(font) = std::fs::read(path) else {
            // A machine with other fonts: nothing to see here, and the session's tests have the rest.
            return;
        };
        let drawn = mask("gedit-2", Some(&font), 2);
        assert_ne!(drawn, mask("gedit-2", None, 2));
        assert!(drawn.width > 60 && drawn.height > 20, "{drawn:?}");
    }
}
