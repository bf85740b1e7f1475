//! `audio`: speaker and microphone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits::Count;
use crate::wire::audio::{Gate, Microphone, Speaker};

/// Speaker and microphone; both can be changed while the app runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Audio {
    /// Whether the app is heard.
    pub speaker: Speaker,
    /// Whether the app hears.
    pub microphone: Microphone,
    /// Percent of what the app plays, 0 to 100.
    pub speaker_volume: Percent,
    /// Percent of what it would record, 0 to 100.
    pub microphone_volume: Percent,
}

/// A volume.
type Percent = Count<0, 100>;

impl Default for Audio {
    fn default() -> Self {
        Self {
            speaker: Speaker::Off,
            microphone: Microphone::Off,
            speaker_volume: Count::new(100),
            microphone_volume: Count::new(100),
        }
    }
}

impl Audio {
    /// How the gate stands when the app starts.
    pub fn gate(&self) -> Gate {
        let percent = |volume: Percent| u8::try_from(volume.get()).unwrap_or(Gate::FULL);
        Gate {
            microphone: self.microphone,
            speaker: self.speaker,
            microphone_volume: percent(self.microphone_volume),
            speaker_volume: percent(self.speaker_volume),
        }
    }
}
