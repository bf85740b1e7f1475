//! `oz unbox`: an app becomes a part of the system: what it wrote is taken over, and it starts in the user's home from then on.

use oz_host::copies::{self, Kept};
use serde::Serialize;

use super::changes::find;
use super::enable::{here, refused, say_left, tell_bus};
use super::merge;
use crate::arguments::Unbox;
use crate::error::{Error, Result};
use crate::out;

/// What `--json` prints; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// The sandbox that was.
    id: String,
    /// Whose walls it had.
    profile: String,
    /// How many changes were taken over.
    taken: usize,
    /// The desktop started the app in a sandbox, and does not any more.
    disabled: bool,
}

pub(crate) fn run(what: &Unbox) -> Result<u8> {
    let kept = find(&what.id)?;
    let held = kept.hold().map_err(|error| Error::advised(&error))?;
    let how = match what.json {
        // It is not for people, and nobody is asked.
        true => merge::How::Go,
        false => merge::How::of(what.yes),
    };
    let taken = merge::take_over(&kept, &held, &merge::What::all(what.decided), how)?;
    let waiting = taken.left + taken.undecided;
    if waiting > 0 {
        return Err(Error::failed(
            format!(
                "{} not taken over, so {} stays as it is.",
                merge::are(waiting),
                what.id
            ),
            "Decide on them by --take-theirs, --both or --protected; `oz discard` throws them away.",
        ));
    }
    copies::remove(&kept.directory).map_err(|error| Error::advised(&error))?;
    let disabled = disable(&kept)?;
    if what.json {
        out::json(&Row {
            id: kept.id.to_string(),
            profile: kept.about.profile,
            taken: taken.taken,
            disabled,
        })?;
        return Ok(0);
    }
    out::note(&format!(
        "{} is unboxed: started without `oz run`, it is in your own home",
        what.id
    ));
    Ok(0)
}

/// Its launchers start it as before; whether they did not.
fn disable(kept: &Kept) -> Result<bool> {
    let (launchers, catalogue) = here()?;
    let all = launchers.status(&catalogue);
    let all = all.map_err(|error| refused(&error))?;
    let profile = &kept.about.profile;
    let enabled = all.iter().any(|app| app.enabled && app.profile == *profile);
    if enabled {
        let done = launchers.disable(&catalogue, profile);
        let (_, done) = done.map_err(|error| refused(&error))?;
        say_left(&done);
        tell_bus(done.services);
        out::note(&format!("the desktop starts {profile} without a sandbox"));
    }
    Ok(enabled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_what_the_schema_says() {
        insta::assert_json_snapshot!("unbox-schema", schemars::schema_for!(Row));
    }
}
