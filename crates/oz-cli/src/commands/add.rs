//! `oz add`: show files to a running sandbox.

use std::collections::BTreeSet;

use oz_core::OsBytes;
use zbus::{SerializeDict, Type};

use crate::arguments::Add;
use crate::bus::{Bus, Sandbox};
use crate::error::Result;
use crate::{launch, out};

#[derive(Debug, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct Options {
    write: bool,
    seconds: Option<u32>,
    lasting: bool,
}

/// The bus takes no more descriptors in one message.
const AT_ONCE: usize = 16;

pub(crate) async fn run(what: Add) -> Result<u8> {
    let directory = launch::current_directory()?;
    let bus = Bus::connect().await?;
    // All are looked at before any is shown: a slip in one of many names changes nothing.
    for path in &what.paths {
        launch::open(path, &directory)?;
    }
    let before = covered(&bus.get(&what.id).await?);
    for paths in what.paths.chunks(AT_ONCE) {
        let opened = paths.iter().map(|path| launch::open(path, &directory));
        let files = opened.collect::<Result<Vec<zbus::OwnedFd>>>()?;
        let options = Options {
            write: what.write,
            seconds: what.seconds,
            lasting: what.lasting,
        };
        let _: Vec<Vec<u8>> = bus.sandbox(&what.id, "AddFiles", &(files, options)).await?;
    }
    for directory in covered(&bus.get(&what.id).await?).difference(&before) {
        out::note(&format!(
            "programs that are in {directory}, or have it open, see it as it was; what they open by its path is new"
        ));
    }
    Ok(0)
}

/// Directories of the sandbox that are others now to whoever opens them.
fn covered(sandbox: &Sandbox) -> BTreeSet<OsBytes> {
    let covers = sandbox.files.iter().map(|file| &file.covers);
    let covers = covers.filter(|path| !path.is_empty());
    covers.map(|path| OsBytes::from(path.clone())).collect()
}
