//! `oz stop`: end a sandbox, or all.

use std::collections::HashMap;

use crate::arguments::Stop;
use crate::bus::Bus;
use crate::error::Result;

pub(crate) async fn run(what: Stop) -> Result<u8> {
    let bus = Bus::connect().await?;
    let options: HashMap<String, zbus::OwnedVariant> = HashMap::new();
    match what.id {
        Some(id) => bus.sandbox::<_, ()>(&id, "Stop", &(options,)).await?,
        None => bus.manager::<_, ()>("StopAll", &(options,)).await?,
    }
    Ok(0)
}
