//! A sandbox as the bus shows it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use oz_core::plan::SandboxId;
use oz_core::report::{Asked, State, Wall};
use serde::de::DeserializeOwned;
use zbus::OwnedVariant;

use crate::error::{Error, Result};

/// What is asked of one that somebody looks at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sandbox {
    pub(crate) id: String,
    pub(crate) profile: String,
    pub(crate) pid: u32,
    pub(crate) files: Vec<File>,
    pub(crate) still_open: Vec<StillOpen>,
    /// What it was refused, the last of all first.
    pub(crate) denials: Vec<Denial>,
    /// One for each wall; empty before it is built.
    pub(crate) enforcement: Vec<Enforcement>,
}

/// Something that it was refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Denial {
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) count: u32,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) what: String,
    pub(crate) why: String,
}

/// How far a wall holds, by what the launch says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enforcement {
    pub(crate) wall: Wall,
    pub(crate) asked: Asked,
    pub(crate) state: State,
    pub(crate) why: String,
}

/// A file that it was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) path: Vec<u8>,
    pub(crate) access: String,
    pub(crate) origin: String,
    pub(crate) since: u64,
    /// When it ends by itself, in seconds since 1970; 0 if it does not.
    pub(crate) until: u64,
    /// Later sandboxes of the profile get it as well.
    pub(crate) lasting: bool,
    /// A directory that the sandbox had, and that is another now to whoever opens it; empty if there is none.
    pub(crate) covers: Vec<u8>,
}

/// In the host's numbers, with their short names.
type Programs = Vec<(u32, Vec<u8>)>;

/// A file that was taken back and that programs have open still.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StillOpen {
    pub(crate) path: Vec<u8>,
    /// When it was taken back: seconds since 1970.
    pub(crate) since: u64,
    pub(crate) processes: Programs,
}

impl Sandbox {
    pub(super) fn from_properties(mut all: HashMap<String, OwnedVariant>) -> Result<Self> {
        let walls: Vec<HashMap<String, OwnedVariant>> = take(&mut all, "Enforcement")?;
        let files: Vec<HashMap<String, OwnedVariant>> = take(&mut all, "Files")?;
        let denials: Vec<HashMap<String, OwnedVariant>> = take(&mut all, "Denials")?;
        let open: Vec<(Vec<u8>, u64, Programs)> = take(&mut all, "StillOpen")?;
        let open = open.into_iter().map(|(path, since, processes)| StillOpen {
            path,
            since,
            processes,
        });
        Ok(Self {
            id: take(&mut all, "Id")?,
            profile: take(&mut all, "Profile")?,
            pid: take(&mut all, "Pid")?,
            still_open: open.collect(),
            denials: denials
                .into_iter()
                .map(Denial::from_properties)
                .collect::<Result<_>>()?,
            enforcement: walls
                .into_iter()
                .map(Enforcement::from_properties)
                .collect::<Result<_>>()?,
            files: files
                .into_iter()
                .map(File::from_properties)
                .collect::<Result<_>>()?,
        })
    }
}

impl Denial {
    fn from_properties(mut all: HashMap<String, OwnedVariant>) -> Result<Self> {
        Ok(Self {
            kind: take(&mut all, "kind")?,
            subject: take(&mut all, "subject")?,
            count: take(&mut all, "count")?,
            first: take(&mut all, "first")?,
            last: take(&mut all, "last")?,
            what: take(&mut all, "what")?,
            why: take(&mut all, "why")?,
        })
    }
}

impl Enforcement {
    fn from_properties(mut all: HashMap<String, OwnedVariant>) -> Result<Self> {
        Ok(Self {
            wall: word(&mut all, "wall")?,
            asked: word(&mut all, "asked")?,
            state: word(&mut all, "state")?,
            why: take(&mut all, "why")?,
        })
    }
}

impl File {
    /// Its path, which is the same inside.
    pub(crate) fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }

    fn from_properties(mut all: HashMap<String, OwnedVariant>) -> Result<Self> {
        Ok(Self {
            path: take(&mut all, "path")?,
            access: take(&mut all, "access")?,
            origin: take(&mut all, "origin")?,
            since: take(&mut all, "since")?,
            until: take(&mut all, "until")?,
            lasting: take(&mut all, "lasting")?,
            covers: take(&mut all, "covers")?,
        })
    }
}

/// One of the words that a type has in JSON.
fn word<T: DeserializeOwned>(all: &mut HashMap<String, OwnedVariant>, name: &str) -> Result<T> {
    let word: String = take(all, name)?;
    serde_json::from_value(word.into()).map_err(|_| super::unsaid(name, "a sandbox"))
}

fn take<T>(all: &mut HashMap<String, OwnedVariant>, name: &str) -> Result<T>
where
    T: TryFrom<OwnedVariant>,
{
    super::value(all, name, "a sandbox")
}

/// Where a sandbox is on the bus: see the daemon's rule.
pub(super) fn path(id: &str) -> Result<String> {
    if id.parse::<SandboxId>().is_err() {
        return Err(missing(id));
    }
    let mut path = format!("{}/sandbox/", super::ROOT);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "_{byte:02x}");
        }
    }
    Ok(path)
}

/// An object that does not exist is a sandbox that does not run.
pub(super) fn explain(error: Error, id: &str) -> Error {
    if error.is_dbus("UnknownInterface") {
        // Something else is at its place.
        return Error::failed(
            format!(
                "the sandbox {id} was started by another version of Oz, which this one cannot speak to."
            ),
            format!("Its programs go on; end it when they may: `oz stop {id}`."),
        );
    }
    if is_unknown(&error) {
        return missing(id);
    }
    error
}

/// Whether nothing of that kind is there.
pub(super) fn is_unknown(error: &Error) -> bool {
    let unknown = ["UnknownObject", "UnknownInterface", "UnknownMethod"];
    unknown.iter().any(|name| error.is_dbus(name))
}

fn missing(id: &str) -> Error {
    Error::failed(
        format!("no sandbox {:?} is running.", crate::out::safe(id)),
        "`oz ps` lists what runs.",
    )
}
