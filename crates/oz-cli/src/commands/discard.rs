//! `oz discard`: throwing away what a sandbox wrote over copies of the user's files.

use oz_host::copies;

use super::changes::find;
use crate::arguments::Discard;
use crate::error::{Error, Result};
use crate::{ask, out};

pub(crate) fn run(what: &Discard) -> Result<u8> {
    let kept = find(&what.id)?;
    let _held = kept.hold().map_err(|error| Error::advised(&error))?;
    let question = format!("Throw away all that {} has written?", what.id);
    if !what.yes && !ask::yes(&question)? {
        return Err(Error::failed(
            "nothing was thrown away.",
            "`--yes` does it without a question; `oz changes` shows what it is.",
        ));
    }
    copies::remove(&kept.directory).map_err(|error| Error::advised(&error))?;
    out::note(&format!("what {} wrote is gone", what.id));
    Ok(0)
}
