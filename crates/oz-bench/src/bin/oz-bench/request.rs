//! A launch without the command line: what is asked of the daemon on the bus, and nothing else.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::fs::{Mode, OFlags};
use tokio::runtime::Runtime;
use zbus::{Connection, Message, SerializeDict, Type};

const NAME: &str = "org.oz.Oz1";
const ROOT: &str = "/org/oz/Oz1";
const MANAGER: &str = "org.oz.Manager1";
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

    /// Milliseconds from the moment at which the daemon has the request to the program's exit
    /// status. Half of a call that does nothing is taken for the way to the daemon.
    pub(crate) fn launch(&self, argv: &[&str]) -> Result<f64> {
        let way = self.ping()? / 2;
        let (mut status, writer) = std::io::pipe()?;
        let start = Instant::now();
        let reply = async {
            // Dropped once it is answered: the daemon's copy must be the last.
            let status = OwnedFd::from(writer).into();
            let options = Options { status };
            let argv: Vec<&[u8]> = argv.iter().map(|word| word.as_bytes()).collect();
            self.call(MANAGER, "Launch", &(argv, options)).await
        };
        let reply = self.runtime.block_on(reply)?;
        let mut line = String::new();
        status.read_to_string(&mut line)?;
        let took = start.elapsed().saturating_sub(way);
        drop(reply);
        ensure!(line == "exit 0\n", "the daemon says {line:?}");
        Ok(took.as_secs_f64() * 1000.0)
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

    fn ping(&self) -> Result<Duration> {
        let start = Instant::now();
        let call = self.call("org.freedesktop.DBus.Peer", "Ping", &());
        self.runtime.block_on(call)?;
        Ok(start.elapsed())
    }

    async fn call<A>(&self, interface: &str, method: &str, arguments: &A) -> Result<Message>
    where
        A: serde::Serialize + Type,
    {
        let reply = self
            .bus
            .call_method(Some(NAME), ROOT, Some(interface), method, arguments);
        Ok(reply.await?)
    }
}
