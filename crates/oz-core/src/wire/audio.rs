//! What the daemon and the audio proxy of one sandbox tell each other, as JSON.
//!
//! The proxy is started as `audio-proxy --config-fd N --listen-fd N --report-fd N --control-fd N`.
//! The configuration is one [`Config`]; on the control pipe comes one [`Told`] a line, a [`Gate`] always with the whole
//! state, so that a line may be repeated and a new daemon needs to know nothing of the old one; on the
//! report pipe goes one [`Event`] a line. The proxy parses a hostile protocol: its reports are taken
//! for hostile as well.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Longest line in bytes, either way, without its end. Shorter than PIPE_BUF: lines never tear.
pub const LINE_MAX: usize = 1024;

/// Largest configuration in bytes.
pub const CONFIG_MAX: u64 = 16 * 1024;

/// Bytes of the host's cookie.
pub const COOKIE_SIZE: usize = 256;

/// The settings of one proxy, which serves exactly one sandbox.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The sandbox's readable name: in the host's mixer, and in logs.
    pub sandbox: String,
    /// What people call the app, for the host's mixer.
    #[serde(default)]
    pub app_name: Option<String>,
    /// The host's sound server.
    pub host_socket: PathBuf,
    /// What the server wants to see from a client: [`COOKIE_SIZE`] bytes in hexadecimal. Without it the
    /// server must trust the user id alone.
    #[serde(default)]
    pub cookie: Option<String>,
    /// How the gate stands at the start.
    pub gate: Gate,
}

/// Never shows the cookie.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("sandbox", &self.sandbox)
            .field("app_name", &self.app_name)
            .field("host_socket", &self.host_socket)
            .field("cookie", &self.cookie.as_ref().map(|_| "…"))
            .field("gate", &self.gate)
            .finish()
    }
}

/// What may pass, each direction apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// From the host into the sandbox.
    pub microphone: Microphone,
    /// From the sandbox to the host.
    pub speaker: Speaker,
    /// Percent of what would be recorded: 0 to [`Gate::FULL`].
    #[serde(default = "full")]
    pub microphone_volume: u8,
    /// Percent of what the app plays: 0 to [`Gate::FULL`].
    #[serde(default = "full")]
    pub speaker_volume: u8,
}

fn full() -> u8 {
    Gate::FULL
}

impl Gate {
    /// The volume at which nothing is changed.
    pub const FULL: u8 = 100;

    /// Whether the volumes are in their range.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.microphone_volume <= Self::FULL && self.speaker_volume <= Self::FULL
    }
}

impl Default for Gate {
    /// What every template has: the sandbox is heard and does not hear.
    fn default() -> Self {
        Self {
            microphone: Microphone::Off,
            speaker: Speaker::On,
            microphone_volume: Self::FULL,
            speaker_volume: Self::FULL,
        }
    }
}

/// One line for the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// What may pass from now on.
    Gate(Gate),
    /// Who wants to know what.
    Watched(Watched),
}

/// What is counted because somebody looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// [`Event::Levels`] are wanted. They are not until that is said, nor when nobody holds the pipe any more.
    pub levels: bool,
}

/// How loud is what passes: its loudest moment since that was last said, in thousandths of the loudest that a sample can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    /// What is played and goes on to the host.
    pub speaker: u16,
    /// What is recorded and reaches the app.
    pub microphone: u16,
}

impl Levels {
    /// The loudest.
    pub const FULL: u16 = 1000;

    /// The same, or the loudest where it is louder than that.
    #[must_use]
    pub fn capped(self) -> Self {
        Self {
            speaker: self.speaker.min(Self::FULL),
            microphone: self.microphone.min(Self::FULL),
        }
    }
}

/// What becomes of a stream that records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Microphone {
    /// A new one is refused; one that exists gets silence, and the host has no stream of it.
    Off,
    /// It gets silence, and the host has no stream of it.
    Silent,
    /// A new one waits until the user has answered: until another state comes, or 25 s, because libpulse
    /// gives up after 30. Those that exist get silence meanwhile.
    Ask,
    /// It records.
    On,
}

/// What becomes of a stream that plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// A new one is refused; one that exists is not heard.
    Off,
    /// It plays and is not heard.
    Silent,
    /// It is heard.
    On,
}

/// One event for the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Clients are accepted from now on.
    Ready,
    /// A client was turned away or thrown out.
    ClientRefused {
        /// A sentence of ours; nothing in it comes from the app.
        reason: String,
    },
    /// The host's sound server ended or cannot be reached. The proxy goes on.
    HostGone,
    /// A connection to the host's sound server could be made again.
    HostBack,
    /// A stream waits for the user's answer: see [`Microphone::Ask`]. Said once for each wait.
    MicrophoneAsked,
    /// Whether what the microphone hears flows to the app.
    MicrophoneInUse {
        /// It does.
        on: bool,
    },
    /// How many streams the sandbox's apps have, heard or not.
    Streams {
        /// Those that play.
        playback: u32,
        /// Those that record.
        record: u32,
    },
    /// How loud it is, while that is [`Watched`]; not said again while it is the same.
    Levels(Levels),
    /// Commands that the app sent and the host never saw.
    Denied {
        /// The protocol's name of the command, from our own table.
        command: String,
        /// How often since it was last said.
        count: u32,
    },
    /// Of a later version; never sent.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_this_shape() {
        let text = r#"{"sandbox":"firefox","app_name":"Firefox","host_socket":"/run/user/1000/pulse/native","cookie":null,"gate":{"microphone":"ask","speaker":"on","microphone_volume":100,"speaker_volume":40}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        assert_eq!(config.gate.microphone, Microphone::Ask);
        assert_eq!(serde_json::to_string(&config).unwrap(), text);
    }

    #[test]
    fn volumes_may_be_left_out_and_nothing_else() {
        let gate: Gate = serde_json::from_str(r#"{"microphone":"off","speaker":"on"}"#).unwrap();
        assert_eq!(gate, Gate::default());
        assert!(serde_json::from_str::<Gate>(r#"{"microphone":"off"}"#).is_err());
        assert!(
            serde_json::from_str::<Gate>(r#"{"microphone":"off","speaker":"on","x":1}"#).is_err()
        );
    }

    #[test]
    fn volumes_have_a_range() {
        let loud = Gate {
            speaker_volume: 101,
            ..Gate::default()
        };
        assert!(Gate::default().is_valid() && !loud.is_valid());
    }

    #[test]
    fn events_are_lines_of_json_and_new_kinds_are_known_as_such() {
        let line = |event: &Event| serde_json::to_string(event).unwrap();
        assert_eq!(
            line(&Event::MicrophoneAsked),
            r#"{"event":"microphone-asked"}"#
        );
        assert_eq!(
            line(&Event::MicrophoneInUse { on: true }),
            r#"{"event":"microphone-in-use","on":true}"#
        );
        let later: Event = serde_json::from_str(r#"{"event":"later","x":[1]}"#).unwrap();
        assert_eq!(later, Event::Unknown);
    }

    #[test]
    fn what_is_told_is_a_gate_or_who_looks() {
        let told = |text: &str| serde_json::from_str::<Told>(text).ok();
        let gate = r#"{"microphone":"off","speaker":"on"}"#;
        assert_eq!(told(gate), Some(Told::Gate(Gate::default())));
        let watched = Told::Watched(Watched { levels: true });
        let text = serde_json::to_string(&watched).unwrap();
        assert_eq!(text, r#"{"levels":true}"#);
        assert_eq!(told(&text), Some(watched));
        assert_eq!(told("{}"), None);
        assert_eq!(told(r#"{"levels":true,"speaker":"on"}"#), None);
        let levels = Event::Levels(Levels {
            speaker: 500,
            microphone: 0,
        });
        let text = serde_json::to_string(&levels).unwrap();
        assert_eq!(text, r#"{"event":"levels","speaker":500,"microphone":0}"#);
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), levels);
    }

    #[test]
    fn a_cookie_is_never_printed() {
        let config = Config {
            sandbox: "s".into(),
            app_name: None,
            host_socket: "/s".into(),
            cookie: Some("c0ffee".into()),
            gate: Gate::default(),
        };
        assert!(!format!("{config:?}").contains("c0ffee"));
    }
}
