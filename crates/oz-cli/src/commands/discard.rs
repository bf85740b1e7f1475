//! `oz discard`: throwing away what a sandbox wrote over copies of the user's files.

use oz_host::copies;

use super::changes::Copied;
use crate::arguments::Discard;
use crate::error::{Error, Result};
use crate::{ask, out};

pub(crate) fn run(what: &Discard) -> Result<u8> {
    let copied = Copied::find(&what.id)?;
    let _locks = copied.lock()?;
    let question = format!("Throw away all that {} has written?", what.id);
    if !what.yes && !ask::yes(&question)? {
        return Err(Error::failed(
            "nothing was thrown away.",
            "`--yes` does it without a question; `oz changes` shows what it is.",
        ));
    }
    copies::remove(&copied.directory).map_err(|error| {
        Error::failed(
            format!("cannot remove {}: {error}.", copied.directory.display()),
            "Try again; your files are as they were.",
        )
    })?;
    out::note(&format!("what {} wrote is gone", what.id));
    Ok(0)
}
