//! A connection to the sound server, driven only while somebody asks.

use std::time::{Duration, Instant};

use libpulse_binding::context::{Context, FlagSet, State};
use libpulse_binding::mainloop::standard::Mainloop;
use libpulse_binding::time::MicroSeconds;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library has no memory, or no descriptor.
    #[error(
        "cannot make a connection to the sound server: free memory and descriptors, then try again"
    )]
    Library,
    /// There is no server, or it does not let us in.
    #[error(
        "cannot connect to the sound server: see whether one runs in this session (`pactl info`)"
    )]
    Refused,
    /// It was there.
    #[error("the sound server is gone: connect again when it is back")]
    Gone,
    /// It does not answer.
    #[error("the sound server did not answer within {} s: it may be overloaded; try again", PATIENCE.as_secs())]
    Silent,
    /// It does not have that.
    #[error("the sound server has nothing called {0:?} to listen to: look at its devices")]
    NoSuchDevice(String),
}

/// A connection to the sound server.
pub struct Server {
    // Before the loop that it lives in.
    pub(crate) context: Context,
    mainloop: Mainloop,
}

impl Server {
    /// Connects to the session's server, or to one by its address (`unix:/path`). No server is
    /// started for it.
    pub fn connect(address: Option<&str>) -> Result<Self, Error> {
        let mainloop = Mainloop::new().ok_or(Error::Library)?;
        let context = Context::new(&mainloop, "Oz").ok_or(Error::Library)?;
        let mut server = Self { context, mainloop };
        let begun = server.context.connect(address, FlagSet::NOAUTOSPAWN, None);
        begun.map_err(|_| Error::Refused)?;
        let end = Instant::now() + PATIENCE;
        while server.context.get_state() != State::Ready {
            server.turn(end).map_err(|error| match error {
                Error::Gone => Error::Refused,
                other => other,
            })?;
        }
        Ok(server)
    }

    /// Lets the connection work until something has happened or the time is over.
    pub(crate) fn turn(&mut self, end: Instant) -> Result<(), Error> {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::Silent);
        }
        let left = u64::try_from(left.as_micros()).unwrap_or(u64::MAX);
        self.mainloop
            .prepare(Some(MicroSeconds(left)))
            .and_then(|()| self.mainloop.poll())
            .and_then(|_| self.mainloop.dispatch())
            .map_err(|_| Error::Library)?;
        match self.context.get_state() {
            State::Failed | State::Terminated => Err(Error::Gone),
            _ => Ok(()),
        }
    }

    /// Waits for an answer.
    pub(crate) fn wait(&mut self, answered: impl Fn() -> bool) -> Result<(), Error> {
        let end = Instant::now() + PATIENCE;
        while !answered() {
            self.turn(end)?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.context.disconnect();
    }
}
