//! `oz unbox`: an app becomes a part of the system: what it wrote is taken over, and it starts in the user's home from then on.

use oz_host::copies::{self, Kept};

use super::changes::find;
use super::enable::{here, refused, say_left, tell_bus};
use super::merge;
use crate::arguments::Unbox;
use crate::error::{Error, Result};
use crate::out;

pub(crate) fn run(what: &Unbox) -> Result<u8> {
    let kept = find(&what.id)?;
    let held = kept.hold().map_err(|error| Error::advised(&error))?;
    let how = merge::How::of(what.yes);
    let taken = merge::take_over(&kept, &held, &[], what.decided, how)?;
    let waiting = taken.left + taken.undecided;
    if waiting > 0 {
        return Err(Error::failed(
            format!(
                "{waiting} changes are not taken over, so {} stays as it is.",
                what.id
            ),
            "Decide on them by --take-theirs, --both or --protected; `oz discard` throws them away.",
        ));
    }
    copies::remove(&kept.directory).map_err(|error| Error::advised(&error))?;
    disable(&kept)?;
    out::note(&format!(
        "{} is unboxed: started without `oz run`, it is in your own home",
        what.id
    ));
    Ok(0)
}

/// Its launchers start it as before.
fn disable(kept: &Kept) -> Result<()> {
    let (launchers, catalogue) = here()?;
    let all = launchers.status(&catalogue);
    let all = all.map_err(|error| refused(&error))?;
    let profile = &kept.about.profile;
    if all.iter().any(|app| app.enabled && app.profile == *profile) {
        let done = launchers.disable(&catalogue, profile);
        let (_, done) = done.map_err(|error| refused(&error))?;
        say_left(&done);
        tell_bus(done.services);
        out::note(&format!("the desktop starts {profile} without a sandbox"));
    }
    Ok(())
}
