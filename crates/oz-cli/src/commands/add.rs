//! `oz add`: show files to a running sandbox.

use zbus::{SerializeDict, Type};

use crate::arguments::Add;
use crate::bus::Bus;
use crate::error::Result;
use crate::launch;

#[derive(Debug, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct Options {
    write: bool,
}

pub(crate) async fn run(what: Add) -> Result<u8> {
    let directory = launch::current_directory()?;
    let opened = what.paths.iter().map(|path| launch::open(path, &directory));
    let files = opened.collect::<Result<Vec<zbus::OwnedFd>>>()?;
    let options = Options { write: what.write };
    let bus = Bus::connect().await?;
    let _: Vec<Vec<u8>> = bus.sandbox(&what.id, "AddFiles", &(files, options)).await?;
    Ok(0)
}
