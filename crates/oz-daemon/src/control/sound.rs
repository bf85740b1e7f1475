//! How the gate for sound is written on the bus.

use oz_core::wire::audio::{Gate, Microphone, Speaker};

use crate::failure::{Failure, Kind, Result};

/// What the properties say of a sandbox without sound.
const NONE: &str = "none";

pub(super) fn microphone_word(gate: Option<Gate>) -> &'static str {
    match gate.map(|gate| gate.microphone) {
        None => NONE,
        Some(Microphone::Off) => "off",
        Some(Microphone::Silent) => "silent",
        Some(Microphone::Ask) => "ask",
        Some(Microphone::On) => "on",
    }
}

pub(super) fn microphone(word: &str) -> Result<Microphone> {
    match word {
        "off" => Ok(Microphone::Off),
        "silent" => Ok(Microphone::Silent),
        "ask" => Ok(Microphone::Ask),
        "on" => Ok(Microphone::On),
        _ => Err(unknown("a microphone", "off, silent, ask or on")),
    }
}

pub(super) fn speaker_word(gate: Option<Gate>) -> &'static str {
    match gate.map(|gate| gate.speaker) {
        None => NONE,
        Some(Speaker::Off) => "off",
        Some(Speaker::Silent) => "silent",
        Some(Speaker::On) => "on",
    }
}

pub(super) fn speaker(word: &str) -> Result<Speaker> {
    match word {
        "off" => Ok(Speaker::Off),
        "silent" => Ok(Speaker::Silent),
        "on" => Ok(Speaker::On),
        _ => Err(unknown("a speaker", "off, silent or on")),
    }
}

/// In percent.
pub(super) fn volume(percent: u8) -> Result<u8> {
    if percent <= Gate::FULL {
        Ok(percent)
    } else {
        Err(unknown("a volume", "0 to 100 percent"))
    }
}

fn unknown(what: &str, known: &str) -> Failure {
    Failure::new(
        Kind::InvalidArgument,
        format!("that is no state of {what}"),
        format!("Use {known}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_means_what_it_says() {
        for word in ["off", "silent", "ask", "on"] {
            let microphone = microphone(word).expect("is known");
            let gate = Gate {
                microphone,
                ..Gate::default()
            };
            assert_eq!(microphone_word(Some(gate)), word);
        }
        for word in ["off", "silent", "on"] {
            let speaker = speaker(word).expect("is known");
            let gate = Gate {
                speaker,
                ..Gate::default()
            };
            assert_eq!(speaker_word(Some(gate)), word);
        }
        assert_eq!(microphone_word(None), "none");
        assert!(microphone("none").is_err() && speaker("ask").is_err());
        assert!(volume(100).is_ok() && volume(101).is_err());
    }
}
