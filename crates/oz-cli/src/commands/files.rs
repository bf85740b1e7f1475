//! `oz files`: what a sandbox was given, since when and why.

use std::time::{SystemTime, UNIX_EPOCH};

use oz_core::OsBytes;
use serde::Serialize;

use super::ps::age;
use crate::arguments::Files;
use crate::bus::{Bus, File};
use crate::error::Result;
use crate::out;

/// One file in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// Bytes that are not UTF-8 and control characters are `\xNN`, a backslash is `\\`.
    path: String,
    /// `read` or `write`.
    access: String,
    /// `profile`, `argument`, `cli`.
    origin: String,
    /// Seconds since 1970.
    since: u64,
}

pub(crate) async fn run(what: Files) -> Result<u8> {
    let sandbox = Bus::connect().await?.get(&what.id).await?;
    if what.json {
        let rows: Vec<Row> = sandbox.files.into_iter().map(Row::from).collect();
        out::json(&rows)?;
    } else if sandbox.files.is_empty() {
        out::note(&format!("{} was given no files", sandbox.id));
    } else {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        out::text(&table(sandbox.files, now))?;
    }
    Ok(0)
}

impl From<File> for Row {
    fn from(file: File) -> Self {
        Self {
            path: OsBytes::from(file.path).to_string(),
            access: file.access,
            origin: file.origin,
            since: file.since,
        }
    }
}

fn table(files: Vec<File>, now: u64) -> String {
    let rows: Vec<Vec<String>> = files
        .into_iter()
        .map(Row::from)
        .map(|row| {
            vec![
                row.access,
                row.origin,
                age(now.saturating_sub(row.since)),
                row.path,
            ]
        })
        .collect();
    out::table(&["ACCESS", "BY", "SINCE", "PATH"], &rows)
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
        }
    }

    #[test]
    fn a_table_for_people_and_json_as_its_schema_says() {
        insta::assert_snapshot!(table(vec![file()], 70), @r"
        ACCESS  BY        SINCE  PATH
        write   argument  1 min  /home/u/a\x0a\xff
        ");
        insta::assert_json_snapshot!("files-schema", schemars::schema_for!(Vec<Row>));
        insta::assert_json_snapshot!("files", vec![Row::from(file())]);
    }
}
