//! Which X server, and how a connection to it is opened.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use oz_core::wire::display::{Opening, may_serve};
use oz_core::xauthority;
use rustix::net::SocketAddrUnix;
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use x11rb::rust_connection::{ConnectError as X11Error, DefaultStream, RustConnection};

use super::super::backend::{ConnectError, open};
use super::cursors::theme::Theme;

/// The largest file of cookies that is read.
const AUTHORITY_MAX: u64 = 1 << 20;

/// A screen of an X server, with all that has to be read from files: later there are none.
#[derive(Debug)]
pub struct Place {
    socket: PathBuf,
    opening: Opening,
    /// Whose windows these are.
    user: u32,
    pub(super) theme: Theme,
}

impl Place {
    /// Reads what opens the server and what its user likes. A server that is not there may come.
    #[must_use]
    pub fn find(server: &oz_core::wire::display::X11) -> Self {
        let hostname = rustix::system::uname().nodename().to_bytes().to_vec();
        let file = server.authority.as_deref().map(read).unwrap_or_default();
        let mut place = Self {
            socket: server.socket.clone(),
            opening: Opening {
                screen: server.screen,
                said: xauthority::find(&file, &hostname, server.display),
            },
            user: geteuid().as_raw(),
            theme: Theme::default(),
        };
        match place.connect() {
            Ok((conn, screen)) => place.theme = Theme::load(&conn, screen),
            Err(error) => tracing::warn!(%error, "the X server is not there"),
        }
        place
    }

    /// For servers to which others connect.
    pub(crate) fn elsewhere() -> Self {
        Self {
            socket: PathBuf::new(),
            opening: Opening {
                screen: 0,
                said: None,
            },
            user: 0,
            theme: Theme::default(),
        }
    }

    /// The server's socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.socket
    }

    /// Opens one more connection.
    pub(super) fn connect(&self) -> Result<(RustConnection, usize), ConnectError> {
        let address = SocketAddrUnix::new(&self.socket).map_err(ConnectError::Failed)?;
        let stream = open(&address)?;
        // Once a server has gone anybody may listen where it did, in a directory that is everybody's, and would be told the
        // cookie and shown the windows.
        let peer = socket_peercred(&stream).map_err(ConnectError::Failed)?;
        if !may_serve(peer.uid.as_raw(), self.user) {
            tracing::warn!("somebody else listens in place of the X server");
            return Err(ConnectError::Gone);
        }
        let conn = greet(stream, &self.opening)?;
        Ok((conn, usize::try_from(self.opening.screen).unwrap_or(0)))
    }
}

/// Says what opens the server.
pub(super) fn greet(stream: UnixStream, opening: &Opening) -> Result<RustConnection, ConnectError> {
    let (name, data) = opening.said.clone().unwrap_or_default();
    let screen = usize::try_from(opening.screen).unwrap_or(0);
    let conn = DefaultStream::from_unix_stream(stream)
        .map_err(X11Error::from)
        .and_then(|(stream, _)| {
            RustConnection::connect_to_stream_with_auth_info(stream, screen, name, data)
        });
    conn.map_err(|error| match error {
        X11Error::SetupFailed(_) | X11Error::SetupAuthenticate(_) => {
            tracing::warn!(%error, "the X server refuses a connection");
            ConnectError::Refused
        }
        // It is about to end, or has only begun.
        error => {
            tracing::debug!(%error, "the X server does not answer");
            ConnectError::Gone
        }
    })
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(AUTHORITY_MAX).read_to_end(&mut bytes));
    if let Err(error) = read {
        tracing::debug!(%error, "no file opens the X server");
    }
    bytes
}
