//! `oz clone`: another sandbox that goes on where one is now.

use oz_host::copies;
use serde::Serialize;

use super::changes::find;
use super::enable::here;
use crate::arguments::Clone;
use crate::error::{Error, Result};
use crate::out;

/// What `--json` prints; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// The clone.
    id: String,
    /// What it is a clone of.
    of: String,
    /// Whose walls it has.
    profile: String,
}

pub(crate) fn run(what: &Clone) -> Result<u8> {
    let kept = find(&what.id)?;
    let (_, catalogue) = here()?;
    let held = kept.hold().map_err(|error| Error::advised(&error))?;
    // A sandbox of that name would be taken for the app's.
    let is_app = |name: &oz_core::plan::SandboxId| catalogue.find(name.as_str()).is_some();
    let clone = copies::clone(&kept, &held, &what.name, is_app);
    let clone = clone.map_err(|error| Error::advised(&error))?;
    if what.json {
        out::json(&Row {
            id: clone.to_string(),
            of: kept.id.to_string(),
            profile: kept.about.profile,
        })?;
    } else {
        out::line(clone.as_str())?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_what_the_schema_says() {
        insta::assert_json_snapshot!("clone-schema", schemars::schema_for!(Row));
    }
}
