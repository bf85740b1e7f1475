//! `oz attach`: the windows of a running app on another compositor or X server.

use std::path::{Path, PathBuf};

use crate::arguments::Attach;
use crate::bus::Bus;
use crate::error::{Error, Result};

pub(crate) async fn run(what: Attach) -> Result<u8> {
    let session = oz_host::environment::session();
    let given = |name: &str| {
        let value = session.get(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let display = what.display.or_else(|| given("WAYLAND_DISPLAY"));
    let display = display.or_else(|| given("DISPLAY")).ok_or_else(|| {
        Error::failed(
            "this session has neither a Wayland compositor nor an X server: neither WAYLAND_DISPLAY nor DISPLAY is set.",
            "Name the compositor\u{2019}s socket, or the X server, with --display.",
        )
    })?;
    let bus = Bus::connect().await?;
    let name = display.to_string_lossy().into_owned();
    let () = if is_x_server(&name) {
        let authority = given("XAUTHORITY").unwrap_or_default();
        let arguments = (name, authority.to_string_lossy().into_owned());
        bus.sandbox(&what.id, "AttachToX11", &arguments).await?
    } else {
        let runtime = given("XDG_RUNTIME_DIR");
        let socket = runtime.map_or_else(|| display.clone(), |runtime| runtime.join(&display));
        let arguments = (socket.to_string_lossy().into_owned(),);
        bus.sandbox(&what.id, "Attach", &arguments).await?
    };
    Ok(0)
}

/// Whether this is a name as in DISPLAY: a host, or none, and a number. The name of a compositor's socket has no colon.
fn is_x_server(name: &str) -> bool {
    !Path::new(name).is_absolute() && name.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_x_server_is_told_from_a_socket() {
        for name in [":0", "unix:1.0", "elsewhere:0"] {
            assert!(is_x_server(name), "{name}");
        }
        for name in ["wayland-1", "/run/user/1000/a:b"] {
            assert!(!is_x_server(name), "{name}");
        }
    }
}
