//! What the bus says of a sandbox, as the model has it. What is not understood is left as it was: a daemon of a later
//! version may say more.

use std::collections::HashMap;

use gtk::glib;
use gtk::glib::variant::FromVariant;
use oz_core::denied::Denied;
use oz_core::plan::Clipboard;

use crate::model::{Denial, File, Sandbox, State, StillOpen, Wall};

/// Properties by their names.
pub(super) type Properties = HashMap<String, glib::Variant>;

/// A sandbox, by all of its properties.
pub(super) fn sandbox(properties: &Properties) -> Sandbox {
    let mut sandbox = Sandbox::default();
    change(&mut sandbox, properties);
    sandbox
}

/// One of another version.
pub(super) fn stranger(properties: &Properties) -> Sandbox {
    Sandbox {
        state: State::Stranger,
        ..sandbox(properties)
    }
}

/// Takes in those that have changed.
pub(super) fn change(sandbox: &mut Sandbox, properties: &Properties) {
    for (name, value) in properties {
        match name.as_str() {
            "Id" => put(&mut sandbox.id, value),
            "Profile" => put(&mut sandbox.profile, value),
            "State" => sandbox.state = state(value.str().unwrap_or_default()),
            "Pid" => put(&mut sandbox.pid, value),
            "WindowCount" => put(&mut sandbox.windows, value),
            "Network" => sandbox.network = value.str().and_then(|word| word.parse().ok()),
            "Forwards" => put(&mut sandbox.forwards, value),
            "Microphone" => put(&mut sandbox.microphone.state, value),
            "MicrophoneInUse" => put(&mut sandbox.microphone.in_use, value),
            "Speaker" => put(&mut sandbox.speaker.state, value),
            "PlaybackStreams" => put(&mut sandbox.speaker.streams, value),
            "Clipboard" => sandbox.clipboard = clipboard(value.str().unwrap_or_default()),
            "Denials" => sandbox.denials = rows(value).iter().filter_map(denial).collect(),
            "Files" => sandbox.files = rows(value).iter().filter_map(file).collect(),
            "Copies" => put(&mut sandbox.copies, value),
            "StillOpen" => sandbox.still_open = still_open(value),
            "Enforcement" => sandbox.walls = rows(value).iter().filter_map(wall).collect(),
            _ => {}
        }
    }
}

fn put<T: FromVariant>(place: &mut T, value: &glib::Variant) {
    if let Some(value) = value.get() {
        *place = value;
    }
}

fn state(word: &str) -> State {
    match word {
        "running" => State::Running,
        "stopping" => State::Stopping,
        _ => State::Starting,
    }
}

pub(super) fn rows(value: &glib::Variant) -> Vec<Properties> {
    value.get().unwrap_or_default()
}

fn file(row: &Properties) -> Option<File> {
    Some(File {
        path: row.get("path")?.get()?,
        write: row.get("access")?.str()? == "write",
        origin: row.get("origin")?.get()?,
        until: row.get("until")?.get()?,
        lasting: row.get("lasting")?.get()?,
    })
}

fn clipboard(word: &str) -> Option<Clipboard> {
    Clipboard::ALL.into_iter().find(|ways| ways.word() == word)
}

fn denial(row: &Properties) -> Option<Denial> {
    let word = |name: &str| row.get(name)?.get::<String>();
    Some(Denial {
        denied: Denied::from_name(&word("kind")?),
        subject: word("subject")?,
        count: row.get("count")?.get()?,
        last: row.get("last")?.get()?,
        what: word("what")?,
        why: word("why")?,
    })
}

fn still_open(value: &glib::Variant) -> Vec<StillOpen> {
    type Row = (Vec<u8>, u64, Vec<(u32, Vec<u8>)>);
    let rows: Vec<Row> = value.get().unwrap_or_default();
    let open = |(path, _, programs): Row| StillOpen {
        path,
        programs: programs.into_iter().map(|(_, name)| name).collect(),
    };
    rows.into_iter().map(open).collect()
}

fn wall(row: &Properties) -> Option<Wall> {
    let word = |name: &str| row.get(name).and_then(glib::Variant::str);
    let (wall, asked) = (word("wall")?, word("asked")?);
    Wall::from_words(wall, asked, word("state")?, word("why")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gtk::glib::prelude::*;

    fn all(pairs: &[(&str, glib::Variant)]) -> Properties {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        pairs.collect()
    }

    #[test]
    fn what_the_daemon_says_is_understood() {
        let file = all(&[
            ("path", b"/home/u/a\xff".to_vec().to_variant()),
            ("access", "write".to_variant()),
            ("origin", "cli".to_variant()),
            ("since", 1_u64.to_variant()),
            ("until", 0_u64.to_variant()),
            ("lasting", true.to_variant()),
        ]);
        let wall = all(&[
            ("wall", "files".to_variant()),
            ("asked", "required".to_variant()),
            ("state", "enforced".to_variant()),
            ("why", "".to_variant()),
        ]);
        let mut sandbox = sandbox(&all(&[
            ("Id", "foot".to_variant()),
            ("Profile", "foot".to_variant()),
            ("State", "running".to_variant()),
            ("WindowCount", 1_u32.to_variant()),
            ("Network", "internet".to_variant()),
            ("Microphone", "ask".to_variant()),
            ("Copies", true.to_variant()),
            ("Files", vec![file].to_variant()),
            ("Enforcement", vec![wall].to_variant()),
            (
                "StillOpen",
                vec![(b"/a".to_vec(), 7_u64, vec![(9_u32, b"vim".to_vec())])].to_variant(),
            ),
            ("Weather", "fine".to_variant()),
        ]));
        assert_eq!((sandbox.id.as_str(), sandbox.windows), ("foot", 1));
        assert_eq!(sandbox.network, Some(oz_core::plan::Mode::Internet));
        assert_eq!(sandbox.files[0].path, b"/home/u/a\xff");
        assert!(sandbox.files[0].write && sandbox.files[0].lasting);
        assert_eq!(sandbox.walls.len(), 1);
        assert!(sandbox.copies);
        assert_eq!(sandbox.still_open[0].programs, [b"vim"]);
        change(&mut sandbox, &all(&[("Microphone", "on".to_variant())]));
        assert_eq!(sandbox.microphone.state, "on");
        assert_eq!(sandbox.id, "foot");
    }

    #[test]
    fn what_is_of_another_type_changes_nothing() {
        let mut sandbox = sandbox(&all(&[("WindowCount", 3_u32.to_variant())]));
        let odd = all(&[
            ("WindowCount", "many".to_variant()),
            ("Files", 7_u32.to_variant()),
            ("Id", 7_u32.to_variant()),
        ]);
        change(&mut sandbox, &odd);
        assert_eq!((sandbox.windows, sandbox.id.as_str()), (3, ""));
        assert!(sandbox.files.is_empty());
    }
}
