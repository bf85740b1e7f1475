//! Memory of a sandbox as a whole.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Size;

/// A size, or a part of what the machine has: the same profile is for a small machine and a big one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct TotalMemory(Amount);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Size(Size),
    Percent(u8),
}

impl TotalMemory {
    /// Below this not even the dynamic linker can work.
    pub const LEAST: u64 = 64 << 20;

    /// A part of our own choice, in percent.
    pub(in crate::profile) const fn part(percent: u8) -> Self {
        assert!(1 <= percent && percent <= 100);
        Self(Amount::Percent(percent))
    }

    /// In bytes, on a machine that has so much; a part is rounded down to whole MiB, for people.
    pub fn bytes(self, machine: u64) -> u64 {
        match self.0 {
            Amount::Size(size) => size.0,
            Amount::Percent(percent) => {
                let part = machine.saturating_mul(u64::from(percent)) / 100;
                (part >> 20 << 20).max(Self::LEAST)
            }
        }
    }
}

impl FromStr for TotalMemory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let amount = match text.strip_suffix('%') {
            Some(percent) => {
                let percent = percent.trim_end().parse::<u8>().ok();
                let percent = percent.filter(|percent| (1..=100).contains(percent));
                percent.map(Amount::Percent)
            }
            None => {
                let size = text.parse::<Size>().ok();
                let size = size.filter(|size| size.0 >= Self::LEAST);
                size.map(Amount::Size)
            }
        };
        amount.map(Self).ok_or_else(|| {
            format!(
                "{text:?} is no amount of memory\nwrite a size of 64 MiB or more, or 1 % to 100 % of the machine's"
            )
        })
    }
}

impl fmt::Display for TotalMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Amount::Size(size) => size.fmt(f),
            Amount::Percent(percent) => write!(f, "{percent} %"),
        }
    }
}

impl Serialize for TotalMemory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TotalMemory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = TotalMemory;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"2 GiB\", or a part such as \"50 %\"")
            }

            fn visit_u64<E: serde::de::Error>(self, bytes: u64) -> Result<TotalMemory, E> {
                bytes.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TotalMemory, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_size_and_a_part_is_of_the_machine() {
        let bytes = |text: &str| {
            text.parse::<TotalMemory>()
                .expect("an amount")
                .bytes(10 << 30)
        };
        assert_eq!(bytes("1 GiB"), 1 << 30);
        assert_eq!(bytes("67108864"), 64 << 20);
        assert_eq!(bytes("50 %"), 5 << 30);
        assert_eq!(bytes("100%"), 10 << 30);
        assert_eq!(bytes("1%") % (1 << 20), 0);
        assert_eq!(TotalMemory::part(1).bytes(1 << 30), TotalMemory::LEAST);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["1 GiB", "64 MiB", "50 %", "100 %"] {
            let amount: TotalMemory = text.parse().expect("an amount");
            assert_eq!(amount.to_string(), text);
        }
    }

    #[test]
    fn nothing_else_is_an_amount() {
        for text in [
            "", "%", "0 %", "101 %", "-1 %", "1.5 %", "1 MiB", "half", "300 % ",
        ] {
            assert!(text.parse::<TotalMemory>().is_err(), "{text}");
        }
    }
}
