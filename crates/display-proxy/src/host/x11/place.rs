//! Which X server, and how a connection to it is opened.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::net::SocketAddrUnix;
use x11rb::rust_connection::{ConnectError as X11Error, DefaultStream, RustConnection};

use super::super::backend::{ConnectError, open};
use super::authority::{self, Said};
use super::cursors::theme::Theme;

/// The largest file of cookies that is read.
const AUTHORITY_MAX: u64 = 1 << 20;

/// A screen of an X server, with all that has to be read from files: later there are none.
#[derive(Debug)]
pub struct Place {
    socket: PathBuf,
    screen: usize,
    said: Option<Said>,
    pub(super) theme: Theme,
}

/// Why an X server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Nobody listens, or not for us.
    #[error("cannot connect to the X server at {0}")]
    Connect(PathBuf, #[source] ConnectError),
    /// It does not want us.
    #[error("the X server at {0} refuses the connection: {1}")]
    Refused(PathBuf, String),
}

impl Place {
    /// Reads what opens the server and what its user likes, and tries it once.
    ///
    /// # Errors
    /// When it cannot be connected to.
    pub fn find(server: &oz_core::wire::display::X11) -> Result<Self, PlaceError> {
        let hostname = rustix::system::uname().nodename().to_bytes().to_vec();
        let file = server.authority.as_deref().map(read).unwrap_or_default();
        let mut place = Self {
            socket: server.socket.clone(),
            screen: usize::try_from(server.screen).unwrap_or(0),
            said: authority::find(&file, &hostname, server.display),
            theme: Theme::default(),
        };
        let stream = place
            .socket()
            .map_err(|error| PlaceError::Connect(place.socket.clone(), error))?;
        let conn = place
            .greet(stream)
            .map_err(|error| PlaceError::Refused(place.socket.clone(), error.to_string()))?;
        place.theme = Theme::load(&conn, place.screen);
        Ok(place)
    }

    /// The server's socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.socket
    }

    /// A connection on which nothing has been said.
    pub(crate) fn socket(&self) -> Result<UnixStream, ConnectError> {
        let address = SocketAddrUnix::new(&self.socket).map_err(ConnectError::Failed)?;
        open(&address)
    }

    /// Opens one more connection.
    pub(super) fn connect(&self) -> Result<(RustConnection, usize), ConnectError> {
        let conn = self.greet(self.socket()?).map_err(|error| {
            tracing::warn!(%error, "the X server refuses a connection");
            ConnectError::Busy
        })?;
        Ok((conn, self.screen))
    }

    fn greet(&self, stream: UnixStream) -> Result<RustConnection, X11Error> {
        let (stream, _) = DefaultStream::from_unix_stream(stream)?;
        let (name, data) = self.said.clone().unwrap_or_default();
        RustConnection::connect_to_stream_with_auth_info(stream, self.screen, name, data)
    }
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
