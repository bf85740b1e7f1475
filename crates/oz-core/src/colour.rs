//! The colour by which a person knows a sandbox again, in whatever Oz shows.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A colour on which white text can be read, for a border, a band or a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
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

/// Dark enough for white text (4.5 to 1), and apart from each other for all eyes: those that lack red, green or blue
/// too tell any two by their lightness or by how blue they are.
const PALETTE: [Colour; 8] = [
    colour(0xe4, 0x18, 0x00), // red
    colour(0x84, 0x18, 0x0c), // brown
    colour(0x54, 0x78, 0x24), // green
    colour(0x18, 0x78, 0xc0), // sky
    colour(0x0c, 0x18, 0xe4), // blue
    colour(0x18, 0x18, 0x84), // navy
    colour(0x6c, 0x18, 0xa8), // violet
    colour(0xcc, 0x18, 0x90), // pink
];

impl Colour {
    /// Of the line beside a sandbox's colour, which stands out where that does not.
    pub const LIGHT: Self = colour(0xf2, 0xf2, 0xf2);

    /// Every colour that a sandbox can have.
    pub fn all() -> [Self; 8] {
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

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl TryFrom<String> for Colour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
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

    /// Red, green and blue of a screen as amounts of light.
    fn linear(colour: Colour) -> [f64; 3] {
        [colour.red, colour.green, colour.blue].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    fn times(matrix: [[f64; 3]; 3], by: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(by).map(|(a, b)| a * b).sum())
    }

    /// <https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio>
    fn contrast(one: Colour, other: Colour) -> f64 {
        let luminance = |colour| times([[0.2126, 0.7152, 0.0722]; 3], linear(colour))[0] + 0.05;
        let (one, other) = (luminance(one), luminance(other));
        one.max(other) / one.min(other)
    }

    /// Where a colour lies for most eyes, and for those without one kind of cone; the distance between two colours is
    /// how different they look (Oklab; Machado, Oliveira and Fernandes 2009).
    fn seen(colour: Colour) -> [[f64; 3]; 4] {
        let eyes = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ];
        eyes.map(|eye| {
            let light = times(eye, linear(colour)).map(|part| part.clamp(0.0, 1.0));
            let cones = times(
                [
                    [0.412_221, 0.536_333, 0.051_446],
                    [0.211_903, 0.680_700, 0.107_397],
                    [0.088_302, 0.281_719, 0.629_979],
                ],
                light,
            );
            times(
                [
                    [0.210_454, 0.793_618, -0.004_072],
                    [1.977_998, -2.428_592, 0.450_594],
                    [0.025_904, 0.782_772, -0.808_676],
                ],
                cones.map(f64::cbrt),
            )
        })
    }

    #[test]
    fn white_text_can_be_read_on_every_colour() {
        for own in PALETTE {
            let contrast = contrast(own, colour(255, 255, 255));
            assert!(contrast >= 4.5, "{own}: {contrast}");
        }
    }

    #[test]
    fn a_border_stands_out_from_light_and_from_dark() {
        let dark = [colour(0, 0, 0), colour(0x30, 0x30, 0x30)];
        let bright = [colour(255, 255, 255), colour(0xde, 0xdd, 0xda)];
        for own in PALETTE {
            // Its two lines from each other, so that there is an edge on anything.
            assert!(contrast(own, Colour::LIGHT) >= 4.0, "{own}");
            for under in bright {
                assert!(contrast(own, under) >= 3.0, "{own} on {under}");
            }
            for under in dark {
                assert!(contrast(Colour::LIGHT, under) >= 3.0, "{under}");
            }
        }
    }

    #[test]
    fn any_two_differ_for_every_kind_of_eye() {
        for (at, one) in PALETTE.into_iter().enumerate() {
            for other in PALETTE.into_iter().skip(at + 1) {
                for (one_seen, other_seen) in seen(one).into_iter().zip(seen(other)) {
                    let squares = one_seen
                        .iter()
                        .zip(other_seen)
                        .map(|(a, b)| (a - b).powi(2));
                    // What can just be told apart is some 0.02.
                    let distance = squares.sum::<f64>().sqrt();
                    assert!(distance >= 0.075, "{one} {other}: {distance}");
                }
            }
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
