//! `oz clipboard`: which way what is copied passes.

use zbus::Variant;

use crate::arguments::Clipboard;
use crate::bus::Bus;
use crate::error::Result;

pub(crate) async fn run(what: Clipboard) -> Result<u8> {
    let bus = Bus::connect().await?;
    let direction = Variant::from(what.direction.word());
    bus.set(&what.id, "Clipboard", direction).await?;
    Ok(0)
}
