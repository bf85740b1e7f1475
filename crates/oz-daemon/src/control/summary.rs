//! What a list of sandboxes says of each: all of them in one answer, without what only somebody who looks at
//! one of them wants.

use serde::Serialize;
use zbus::Type;

use super::sound;
use crate::sandbox::Sandbox;
use crate::strangers::Stranger;

/// What is said where nothing is known.
const UNKNOWN: &str = "unknown";

/// A sandbox, as the properties of `org.oz.Sandbox1` have it.
#[derive(Debug, Serialize, Type)]
pub(super) struct Summary {
    id: String,
    profile: String,
    state: String,
    pid: u32,
    started: u64,
    windows: u32,
    /// How many files it was given or shares.
    files: u32,
    network: String,
    forwards: Vec<String>,
    processes: Vec<(u64, String)>,
    /// State, volume, streams.
    microphone: (String, u8, u32),
    microphone_in_use: bool,
    /// Likewise.
    speaker: (String, u8, u32),
}

impl Summary {
    pub(super) fn of(sandbox: &Sandbox) -> Self {
        let published = sandbox.published();
        let gate = published.sound.gate;
        let files = sandbox.plan.shares().count() + sandbox.files().len();
        Self {
            id: sandbox.id.to_string(),
            profile: sandbox.plan.profile.clone(),
            state: sandbox.phase().word().to_owned(),
            pid: published.pid,
            started: sandbox.started_unix(),
            windows: published.windows,
            files: u32::try_from(files).unwrap_or(u32::MAX),
            network: sandbox.plan.network.mode.word().to_owned(),
            forwards: published.forwards.iter().map(ToString::to_string).collect(),
            processes: published.processes,
            microphone: (
                sound::microphone_word(gate).to_owned(),
                gate.map_or(0, |gate| gate.microphone_volume),
                published.sound.record,
            ),
            microphone_in_use: published.sound.microphone_in_use,
            speaker: (
                sound::speaker_word(gate).to_owned(),
                gate.map_or(0, |gate| gate.speaker_volume),
                published.sound.playback,
            ),
        }
    }

    /// One of another version, of which little is known.
    pub(super) fn of_stranger(stranger: &Stranger) -> Self {
        let nothing = || (UNKNOWN.to_owned(), 0, 0);
        Self {
            id: stranger.id.to_string(),
            profile: stranger.profile.clone(),
            state: "other-version".to_owned(),
            pid: stranger.pid.try_into().unwrap_or(0),
            started: stranger.started,
            windows: 0,
            files: 0,
            network: UNKNOWN.to_owned(),
            forwards: Vec::new(),
            processes: Vec::new(),
            microphone: nothing(),
            microphone_in_use: false,
            speaker: nothing(),
        }
    }
}
