//! `oz status`: which apps are started in their sandboxes by the desktop's launchers.

use oz_host::launchers::Status;
use serde::Serialize;

use super::enable::{here, refused};
use crate::arguments::StatusOf;
use crate::error::Result;
use crate::out;

/// One app in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// Its profile.
    profile: String,
    /// `enabled`, `outdated` (its launchers have changed since; `oz enable` makes them again) or `not-enabled`.
    state: &'static str,
    /// Ids of its launchers.
    launchers: Vec<String>,
    /// Commands of a shell that start it in its sandbox.
    shell: Vec<String>,
}

pub(crate) fn run(what: &StatusOf) -> Result<u8> {
    let (launchers, catalogue) = here()?;
    let all = launchers
        .status(&catalogue)
        .map_err(|error| refused(&error))?;
    let rows: Vec<Row> = all.into_iter().map(Row::from).collect();
    if what.json {
        out::json(&rows)?;
    } else if rows.is_empty() {
        out::note("no app is installed for which there is a profile");
    } else {
        out::text(&table(rows))?;
    }
    Ok(0)
}

impl From<Status> for Row {
    fn from(status: Status) -> Self {
        let state = match (status.enabled, status.outdated) {
            (false, _) => "not-enabled",
            (true, false) => "enabled",
            (true, true) => "outdated",
        };
        let shell = status.shims.iter();
        Self {
            state,
            shell: shell
                .map(|path| out::safe(&path.to_string_lossy()))
                .collect(),
            launchers: status.launchers.iter().map(|id| out::safe(id)).collect(),
            profile: status.profile,
        }
    }
}

fn table(rows: Vec<Row>) -> String {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            vec![
                row.profile,
                row.state.replace('-', " "),
                row.launchers.join(", "),
            ]
        })
        .collect();
    out::table(&["APP", "STATE", "LAUNCHERS"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let status = |profile: &str, enabled, outdated| Status {
            profile: profile.into(),
            launchers: vec![format!("org.x.{profile}")],
            enabled,
            outdated,
            shims: vec!["/home/user/.local/bin/\u{1b}x".into()],
        };
        let all = [
            status("evince", true, false),
            status("gedit", true, true),
            status("mpv", false, false),
        ];
        all.into_iter().map(Row::from).collect()
    }

    #[test]
    fn each_app_has_a_line() {
        insta::assert_snapshot!(table(rows()), @r"
        APP     STATE        LAUNCHERS
        evince  enabled      org.x.evince
        gedit   outdated     org.x.gedit
        mpv     not enabled  org.x.mpv
        ");
    }

    #[test]
    fn json_has_a_schema_and_no_control_characters() {
        insta::assert_json_snapshot!("status_json", rows());
        insta::assert_json_snapshot!("status_schema", schemars::schema_for!(Vec<Row>));
    }
}
