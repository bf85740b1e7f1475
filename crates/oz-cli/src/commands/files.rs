//! `oz files`: what a sandbox was given, since when, why and for how long; what profiles were given for good.

use std::time::{SystemTime, UNIX_EPOCH};

use oz_core::OsBytes;
use serde::Serialize;

use super::ps::age;
use crate::arguments::Files;
use crate::bus::{Bus, File, StillOpen};
use crate::error::Result;
use crate::out;

/// One file in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// Bytes that are not UTF-8 and control characters are `\xNN`, a backslash is `\\`.
    path: String,
    /// `read`, `write`, or `taken-back` if programs have it open still.
    access: String,
    /// `profile`, `argument`, `beside` one, `cli`, `panel`, `dialog`, `drop`, `opened`; empty of what was taken back.
    origin: String,
    /// Seconds since 1970; of what was taken back, when that was.
    since: u64,
    /// When it ends by itself, in seconds since 1970.
    until: Option<u64>,
    /// Later sandboxes of the app get it as well.
    lasting: bool,
    /// Programs that have open what was taken back.
    programs: Vec<Program>,
}

/// A program in the sandbox.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Program {
    /// The host's number.
    pid: u32,
    /// Its short name, written as `path` is.
    name: String,
}

/// One file in `--lasting --json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LastingRow {
    profile: String,
    /// Bytes that are not UTF-8 and control characters are `\xNN`, a backslash is `\\`.
    path: String,
    /// `read` or `write`.
    access: String,
    /// Seconds since 1970.
    since: u64,
}

/// The word for what is held no longer and open still.
const TAKEN_BACK: &str = "taken-back";

/// Profile, path, access, since when.
type Lasting = (String, Vec<u8>, String, u64);

pub(crate) async fn run(what: Files) -> Result<u8> {
    let bus = Bus::connect().await?;
    let Some(id) = &what.id else {
        return lasting(&bus, what.json).await;
    };
    let sandbox = bus.get(id).await?;
    let given = sandbox.files.into_iter().map(Row::from);
    let rows: Vec<Row> = given
        .chain(sandbox.still_open.iter().map(Row::from))
        .collect();
    if what.json {
        out::json(&rows)?;
    } else if rows.is_empty() {
        out::note(&format!("{} was given no files", sandbox.id));
    } else {
        out::text(&table(rows, now()))?;
    }
    Ok(0)
}

/// What profiles were given for good.
async fn lasting(bus: &Bus, json: bool) -> Result<u8> {
    let list: Vec<Lasting> = bus.manager("LastingFiles", &()).await?;
    let row = |(profile, path, access, since)| LastingRow {
        profile,
        path: OsBytes::from(path).to_string(),
        access,
        since,
    };
    let rows: Vec<LastingRow> = list.into_iter().map(row).collect();
    if json {
        out::json(&rows)?;
    } else if rows.is_empty() {
        out::note("no profile was given files for good");
    } else {
        out::text(&lasting_table(rows, now()))?;
    }
    Ok(0)
}

fn lasting_table(rows: Vec<LastingRow>, now: u64) -> String {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            vec![
                row.profile,
                row.access,
                age(now.saturating_sub(row.since)),
                row.path,
            ]
        })
        .collect();
    out::table(&["PROFILE", "ACCESS", "SINCE", "PATH"], &rows)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl From<File> for Row {
    fn from(file: File) -> Self {
        Self {
            path: OsBytes::from(file.path).to_string(),
            access: file.access,
            origin: file.origin,
            since: file.since,
            until: Some(file.until).filter(|until| *until > 0),
            lasting: file.lasting,
            programs: Vec::new(),
        }
    }
}

impl From<&StillOpen> for Row {
    fn from(open: &StillOpen) -> Self {
        let program = |(pid, name): &(u32, Vec<u8>)| Program {
            pid: *pid,
            name: OsBytes::from(name.clone()).to_string(),
        };
        Self {
            path: OsBytes::from(open.path.clone()).to_string(),
            access: TAKEN_BACK.to_owned(),
            origin: String::new(),
            since: open.since,
            until: None,
            lasting: false,
            programs: open.processes.iter().map(program).collect(),
        }
    }
}

fn table(rows: Vec<Row>, now: u64) -> String {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let ends = ends(&row, now);
            vec![
                row.access,
                row.origin,
                age(now.saturating_sub(row.since)),
                ends,
                row.path,
            ]
        })
        .collect();
    out::table(&["ACCESS", "BY", "SINCE", "ENDS", "PATH"], &rows)
}

/// When it is taken back.
fn ends(row: &Row, now: u64) -> String {
    if row.access == TAKEN_BACK {
        let programs = row.programs.iter();
        let programs: Vec<_> = programs
            .map(|program| format!("{} ({})", program.name, program.pid))
            .collect();
        return format!("with {}", programs.join(", "));
    }
    match (row.lasting, row.until) {
        (true, _) => "never".to_owned(),
        (false, None) => "with it".to_owned(),
        (false, Some(until)) => format!("in {}", age(until.saturating_sub(now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        File {
            path: b"/home/u/a\n\xff".to_vec(),
            access: "write".into(),
            origin: "argument".into(),
            since: 10,
            until: 0,
            lasting: false,
            covers: Vec::new(),
        }
    }

    #[test]
    fn a_table_for_people_and_json_as_its_schema_says() {
        let timed = File {
            until: 190,
            ..file()
        };
        let lasting = File {
            lasting: true,
            ..file()
        };
        let open = StillOpen {
            path: b"/home/u/b\n".to_vec(),
            since: 10,
            processes: vec![(812, b"gedit".to_vec()), (900, b"\x1b[31m".to_vec())],
        };
        let given = [file(), timed, lasting].map(Row::from);
        let rows: Vec<Row> = given.into_iter().chain([Row::from(&open)]).collect();
        insta::assert_snapshot!(table(rows, 70), @r"
        ACCESS      BY        SINCE  ENDS                              PATH
        write       argument  1 min  with it                           /home/u/a\x0a\xff
        write       argument  1 min  in 2 min                          /home/u/a\x0a\xff
        write       argument  1 min  never                             /home/u/a\x0a\xff
        taken-back            1 min  with gedit (812), \x1b[31m (900)  /home/u/b\x0a
        ");
        insta::assert_json_snapshot!(
            "lasting-files-schema",
            schemars::schema_for!(Vec<LastingRow>)
        );
        insta::assert_json_snapshot!("files-schema", schemars::schema_for!(Vec<Row>));
        insta::assert_json_snapshot!("files", vec![Row::from(file())]);
    }
}
