//! What is asked of the daemon without the command line.

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use oz_host::direct;
use rustix::fs::{Mode, OFlags};
use tokio::runtime::Runtime;
use zbus::wire::serialized::Context;
use zbus::wire::{NATIVE_ENDIAN, to_bytes};
use zbus::{Connection, SerializeDict, Type};

const NAME: &str = "org.oz.Oz1";
const ROOT: &str = "/org/oz/Oz1";
const SANDBOX: &str = "org.oz.Sandbox1";

/// Options of `Launch`.
#[derive(SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct Options {
    status: zbus::OwnedFd,
}

/// Options of `AddFiles`.
#[derive(SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
struct AddOptions {
    write: bool,
}

/// Where a sandbox is on the bus.
fn object(id: &str) -> String {
    // All that names of commands with a number hold beside letters and digits.
    format!("{ROOT}/sandbox/{}", id.replace('-', "_2d"))
}

/// A client on the bus.
pub(crate) struct Asker {
    runtime: Runtime,
    bus: Connection,
}

impl Asker {
    pub(crate) fn connect() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let bus = runtime.block_on(Connection::session())?;
        Ok(Self { runtime, bus })
    }

    /// The daemon's process.
    pub(crate) fn daemon(&self) -> Result<i32> {
        let bus = "org.freedesktop.DBus";
        let method = "GetConnectionUnixProcessID";
        let path = "/org/freedesktop/DBus";
        let call = self
            .bus
            .call_method(Some(bus), path, Some(bus), method, &(NAME,));
        let pid: u32 = self.runtime.block_on(call)?.body().deserialize()?;
        Ok(i32::try_from(pid)?)
    }

    /// What of a sandbox's launch had happened so many milliseconds after it was asked for.
    pub(crate) fn launch_moments(&self, id: &str) -> Result<Vec<(String, f64)>> {
        let path = object(id);
        let properties = "org.freedesktop.DBus.Properties";
        let name = (SANDBOX, "LaunchMoments");
        let get = self
            .bus
            .call_method(Some(NAME), path.as_str(), Some(properties), "Get", &name);
        let value: zbus::OwnedVariant = self.runtime.block_on(get)?.body().deserialize()?;
        let list = Vec::<(String, u64)>::try_from(value)?;
        let milli = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1000.0;
        Ok(list
            .into_iter()
            .map(|(name, at)| (name, milli(at)))
            .collect())
    }

    /// Shows a file or a directory to a sandbox.
    pub(crate) fn add(&self, id: &str, file: &Path, write: bool) -> Result<()> {
        let path = object(id);
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let file = rustix::fs::open(file, flags, Mode::empty())?;
        let arguments = (vec![zbus::OwnedFd::from(file)], AddOptions { write });
        let call = self.bus.call_method(
            Some(NAME),
            path.as_str(),
            Some(SANDBOX),
            "AddFiles",
            &arguments,
        );
        self.runtime.block_on(call)?;
        Ok(())
    }
}

/// Milliseconds from the request, as `oz` makes it, to the program's exit status.
pub(crate) fn launch(argv: &[&str]) -> Result<f64> {
    let (mut status, writer) = std::io::pipe()?;
    let options = Options {
        status: OwnedFd::from(writer).into(),
    };
    let argv: Vec<&[u8]> = argv.iter().map(|word| word.as_bytes()).collect();
    let body = to_bytes(Context::new(NATIVE_ENDIAN, 0), &(argv, options))?;
    let fds: Vec<_> = body.fds().iter().map(AsFd::as_fd).collect();
    let start = Instant::now();
    let socket = direct::reach()?;
    oz_sys::socket::send_frame(&socket, body.bytes(), &fds)?;
    // The daemon's copy must be the last.
    drop(fds);
    drop(body);
    let mut line = String::new();
    status.read_to_string(&mut line)?;
    let took = start.elapsed();
    ensure!(line == "exit 0\n", "the daemon says {line:?}");
    Ok(took.as_secs_f64() * 1000.0)
}
