//! The colour by which a person knows a sandbox again, in whatever Oz shows.

use std::fmt;

/// A colour on which white text can be read, for a border, a band or a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

const fn colour(red: u8, green: u8, blue: u8) -> Colour {
    Colour { red, green, blue }
}

/// Apart from each other for most eyes, and dark enough for white text (4.5 to 1).
const PALETTE: [Colour; 10] = [
    colour(0xb0, 0x1c, 0x28), // red
    colour(0x9c, 0x4a, 0x00), // orange
    colour(0x7a, 0x5c, 0x00), // ochre
    colour(0x4a, 0x6b, 0x0c), // olive
    colour(0x1a, 0x73, 0x4a), // green
    colour(0x00, 0x70, 0x78), // teal
    colour(0x1a, 0x5f, 0xb4), // blue
    colour(0x4b, 0x3f, 0xb0), // indigo
    colour(0x81, 0x3d, 0x9c), // violet
    colour(0xa8, 0x2d, 0x73), // pink
];

impl Colour {
    /// Every colour that a sandbox can have.
    pub fn all() -> [Self; 10] {
        PALETTE
    }

    /// The colour of all sandboxes of a profile; always the same for the same name.
    pub fn of_profile(name: &str) -> Self {
        // FNV-1a: small, and the same on every machine and in every version.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // The high half is the better mixed one.
        let index = usize::try_from(hash >> 32).unwrap_or_default() % PALETTE.len();
        PALETTE[index]
    }
}

impl fmt::Display for Colour {
    /// As in CSS: `#1a5fb4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { red, green, blue } = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl std::str::FromStr for Colour {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a colour is written like #1a5fb4";
        let digits = text.strip_prefix('#').ok_or(WRONG)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| WRONG);
        Ok(colour(part(0)?, part(2)?, part(4)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// <https://www.w3.org/TR/WCAG21/#dfn-relative-luminance>
    fn luminance(colour: Colour) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
    }

    #[test]
    fn white_text_can_be_read_on_every_colour() {
        for colour in PALETTE {
            let contrast = 1.05 / (luminance(colour) + 0.05);
            assert!(contrast >= 4.5, "{colour}: {contrast}");
        }
    }

    #[test]
    fn a_profile_keeps_its_colour_and_profiles_differ() {
        assert_eq!(Colour::of_profile("firefox"), Colour::of_profile("firefox"));
        let names = [
            "firefox", "chromium", "evince", "gedit", "foot", "mpv", "mousepad", "generic",
        ];
        let seen: HashSet<_> = names.map(Colour::of_profile).into_iter().collect();
        assert!(seen.len() >= 4, "{seen:?}");
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        for colour in PALETTE {
            assert_eq!(colour.to_string().parse(), Ok(colour));
        }
        for wrong in ["", "1a5fb4", "#1a5fb", "#1a5fb45", "#1a5fbg", "#é1234"] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }
}
