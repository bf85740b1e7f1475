//! `oz forward` and `oz unforward`: single ports and sockets through the wall of a running sandbox's
//! network.

use oz_core::plan::Forward;

use crate::arguments::{self, Unforward};
use crate::bus::Bus;
use crate::error::Result;

pub(crate) async fn open(what: arguments::Forward) -> Result<u8> {
    ask(&what.id, "AddForward", &what.spec).await
}

pub(crate) async fn close(what: Unforward) -> Result<u8> {
    ask(&what.id, "RemoveForward", &what.spec).await
}

async fn ask(id: &str, method: &str, forward: &Forward) -> Result<u8> {
    let arguments = (forward.to_string(),);
    let () = Bus::connect()
        .await?
        .sandbox(id, method, &arguments)
        .await?;
    Ok(0)
}
