//! `oz ps`: the sandboxes that run.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::arguments::Ps;
use crate::bus::{Bus, Summary};
use crate::error::Result;
use crate::out;

/// One sandbox in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    id: String,
    profile: String,
    /// `starting`, `running`, `stopping`, or `other-version`: another version of Oz has started it, it can only be
    /// ended, and nothing else is known of it.
    state: String,
    /// Init, on the host; 0 before it exists.
    pid: u32,
    /// Seconds since 1970.
    started: u64,
    windows: u32,
    /// How many files and directories it was given.
    files: u32,
    /// `none`, `internet` or `host`; `unknown` of another version's.
    network: String,
    /// What leads through the wall of its network, as `oz forward` takes it.
    forwards: Vec<String>,
    microphone: Microphone,
    speaker: Speaker,
    processes: Vec<Process>,
}

/// What an app hears.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Microphone {
    /// `off`, `silent`, `ask` or `on`; `none` if there is no sound.
    state: String,
    /// Percent.
    volume: u8,
    /// Streams that record, heard or not.
    streams: u32,
    /// What the microphone hears flows to the app.
    in_use: bool,
}

/// How an app is heard.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Speaker {
    /// `off`, `silent` or `on`; `none` if there is no sound.
    state: String,
    /// Percent.
    volume: u8,
    /// Streams that play, heard or not.
    streams: u32,
}

/// A program that was started on request.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Process {
    process: u64,
    name: String,
}

pub(crate) async fn run(what: Ps) -> Result<u8> {
    let list = Bus::connect().await?.list().await?;
    if what.json {
        let rows: Vec<Row> = list.into_iter().map(Row::from).collect();
        out::json(&rows)?;
    } else if list.is_empty() {
        out::note("no sandbox is running");
    } else {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        out::text(&table(&list, now, out::is_read()))?;
    }
    Ok(0)
}

impl From<Summary> for Row {
    fn from(sandbox: Summary) -> Self {
        let process = |(process, name)| Process { process, name };
        Self {
            id: sandbox.id,
            profile: sandbox.profile,
            state: sandbox.state,
            pid: sandbox.pid,
            started: sandbox.started,
            windows: sandbox.windows,
            files: sandbox.files,
            network: sandbox.network,
            forwards: sandbox.forwards,
            microphone: Microphone {
                state: sandbox.microphone.state,
                volume: sandbox.microphone.volume,
                streams: sandbox.microphone.streams,
                in_use: sandbox.microphone_in_use,
            },
            speaker: Speaker {
                state: sandbox.speaker.state,
                volume: sandbox.speaker.volume,
                streams: sandbox.speaker.streams,
            },
            processes: sandbox.processes.into_iter().map(process).collect(),
        }
    }
}

fn table(list: &[Summary], now: u64, terminal: bool) -> String {
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|sandbox| {
            let names = sandbox.processes.iter().map(|(_, name)| out::safe(name));
            vec![
                sandbox.id.clone(),
                sandbox.profile.clone(),
                sandbox.state.clone(),
                age(now.saturating_sub(sandbox.started)),
                sandbox.windows.to_string(),
                sandbox.files.to_string(),
                network(sandbox),
                microphone(sandbox),
                names.collect::<Vec<_>>().join(" "),
            ]
        })
        .collect();
    let headings = [
        "ID", "PROFILE", "STATE", "SINCE", "WINDOWS", "FILES", "NETWORK", "MIC", "PROGRAMS",
    ];
    let table = out::table(&headings, &rows);
    // A line is a sandbox, behind that of the headings.
    let warned = std::iter::once(false).chain(list.iter().map(Summary::is_in_host_network));
    let lines = table.lines().zip(warned);
    lines
        .map(|(line, warned)| out::red(line, terminal && warned) + "\n")
        .collect()
}

/// The one without walls stands out.
fn network(sandbox: &Summary) -> String {
    if sandbox.is_in_host_network() {
        "HOST".to_owned()
    } else {
        out::safe(&sandbox.network)
    }
}

/// Who listens stands out from who may.
fn microphone(sandbox: &Summary) -> String {
    if sandbox.microphone_in_use {
        "LISTENS".to_owned()
    } else {
        out::safe(&sandbox.microphone.state)
    }
}

/// How long ago, in the largest unit that fits.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Direction;

    fn sandbox() -> Summary {
        Summary {
            id: "gedit".into(),
            profile: "gedit".into(),
            state: "running".into(),
            pid: 4711,
            started: 1_000,
            processes: vec![(1, "gedit".into()), (2, "\u{1b}[31mbash".into())],
            files: 0,
            windows: 2,
            network: "none".into(),
            forwards: vec!["in:tcp:127.0.0.1:9050=tcp:127.0.0.1:9050".into()],
            microphone: Direction {
                state: "ask".into(),
                volume: 100,
                streams: 0,
            },
            microphone_in_use: false,
            speaker: Direction {
                state: "on".into(),
                volume: 40,
                streams: 1,
            },
        }
    }

    #[test]
    fn a_table_for_people() {
        let listens = Summary {
            id: "firefox".into(),
            microphone_in_use: true,
            ..sandbox()
        };
        insta::assert_snapshot!(table(&[sandbox(), listens], 1_000 + 7200, true), @r"
        ID       PROFILE  STATE    SINCE  WINDOWS  FILES  NETWORK  MIC      PROGRAMS
        gedit    gedit    running  2 h    2        0      none     ask      gedit \x1b[31mbash
        firefox  gedit    running  2 h    2        0      none     LISTENS  gedit \x1b[31mbash
        ");
    }

    #[test]
    fn who_is_in_the_network_of_the_host_stands_out() {
        let host = Summary {
            network: "host".into(),
            ..sandbox()
        };
        let list = [sandbox(), host];
        let red = table(&list, 1_000, true);
        let red: Vec<bool> = red
            .lines()
            .map(|line| line.starts_with("\x1b[31m"))
            .collect();
        assert_eq!(red, [false, false, true]);
        let plain = table(&list, 1_000, false);
        assert!(!plain.contains('\x1b') && plain.contains("HOST"), "{plain}");
    }

    #[test]
    fn json_is_as_its_schema_says() {
        let schema = schemars::schema_for!(Vec<Row>);
        insta::assert_json_snapshot!("ps-schema", schema);
        insta::assert_json_snapshot!("ps", vec![Row::from(sandbox())]);
    }
}
