//! What a sandbox hears, and what is heard of it.

use oz_core::wire::audio::Levels;

use crate::words::tr;

/// What becomes of an app that records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Microphone {
    /// `off`, `silent`, `ask`, `on`, or `none` if there is no sound.
    pub state: String,
    /// It hears at this moment.
    pub in_use: bool,
}

/// What becomes of an app that plays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speaker {
    /// `off`, `silent`, `on`, or `none` if there is no sound.
    pub state: String,
    /// How many streams play, heard or not.
    pub streams: u32,
}

impl Microphone {
    /// Whether there is one to switch.
    pub fn is_there(&self) -> bool {
        is_there(&self.state)
    }

    /// Whether the switch is on.
    pub fn is_on(&self) -> bool {
        self.state == "on"
    }

    /// How it stands, in a few words.
    pub fn words(&self) -> String {
        match self.state.as_str() {
            _ if self.in_use => tr("It listens now"),
            "on" => tr("It hears when it wants to"),
            "ask" => tr("You are asked when it wants to listen"),
            "silent" => tr("It hears silence"),
            "off" => tr("It hears nothing"),
            _ => tr("It has no sound"),
        }
    }
}

impl Speaker {
    /// Whether there is one to switch.
    pub fn is_there(&self) -> bool {
        is_there(&self.state)
    }

    /// Whether the switch is on.
    pub fn is_on(&self) -> bool {
        self.state == "on"
    }

    /// How it stands, in a few words.
    pub fn words(&self) -> String {
        match (self.state.as_str(), self.streams) {
            ("on", 0) => tr("It can be heard"),
            ("on", _) => tr("It plays now"),
            ("silent" | "off", _) => tr("It is not heard"),
            _ => tr("It has no sound"),
        }
    }
}

/// How much of a meter is filled at a level in thousandths: people hear steps of the same ratio as the same steps, so
/// each step of 6 dB is a tenth, and the lowest is below what is heard.
pub fn meter(level: u16) -> f64 {
    const RANGE: f64 = 60.0;
    let decibels = 20.0 * (f64::from(level) / f64::from(Levels::FULL)).log10();
    (1.0 + decibels / RANGE).clamp(0.0, 1.0)
}

fn is_there(state: &str) -> bool {
    !matches!(state, "" | "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_is_empty_at_silence_and_full_at_the_loudest() {
        assert!(meter(0) == 0.0 && meter(1) < 0.01);
        assert!((meter(500) - 0.9).abs() < 0.01);
        assert!((meter(32) - 0.5).abs() < 0.01);
        assert!(meter(Levels::FULL) == 1.0 && meter(u16::MAX) == 1.0);
    }

    #[test]
    fn who_listens_is_said_whatever_else_stands_there() {
        let mut microphone = Microphone {
            state: "on".into(),
            in_use: true,
        };
        assert_eq!(microphone.words(), "It listens now");
        microphone.in_use = false;
        assert_eq!(microphone.words(), "It hears when it wants to");
        microphone.state = "ask".into();
        assert!(!microphone.is_on() && microphone.is_there());
        microphone.state = "none".into();
        assert!(!microphone.is_there());
        assert!(!Speaker::default().is_there());
    }
}
