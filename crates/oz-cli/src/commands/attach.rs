//! `oz attach`: the windows of a running app on another compositor.

use std::path::{Path, PathBuf};

use crate::arguments::Attach;
use crate::bus::Bus;
use crate::error::{Error, Result};

pub(crate) async fn run(what: Attach) -> Result<u8> {
    let session = oz_host::environment::session();
    let given = |name: &str| session.get(name).filter(|value| !value.is_empty());
    let named = what
        .display
        .or_else(|| given("WAYLAND_DISPLAY").map(PathBuf::from));
    let named = named.ok_or_else(|| {
        Error::failed(
            "this session has no Wayland compositor: WAYLAND_DISPLAY is not set.",
            "Name the compositor\u{2019}s socket with --display.",
        )
    })?;
    let runtime = given("XDG_RUNTIME_DIR").map(Path::new);
    let socket = runtime.map_or_else(|| named.clone(), |runtime| runtime.join(&named));
    let arguments = (socket.to_string_lossy().into_owned(),);
    let () = Bus::connect()
        .await?
        .sandbox(&what.id, "Attach", &arguments)
        .await?;
    Ok(0)
}
