//! What can stand between a client and its compositor.

use std::ffi::{OsStr, OsString};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a peer may take until it listens.
const PATIENCE: Duration = Duration::from_secs(15);

/// A way from the client to the compositor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// None: the client is the compositor's own.
    Direct,
    /// `oz-bench-relay`.
    Relay,
    /// Only the proxy of Oz, without a sandbox around the client.
    Proxy,
    /// `oz run`: the client sits in a sandbox.
    Sandbox,
    /// waypipe's two halves on one machine.
    Waypipe,
    /// A compositor in a window.
    Weston,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Relay => "dumb fd relay (the floor)",
            Self::Proxy => "Oz, display-proxy alone",
            Self::Sandbox => "Oz, `oz run`",
            Self::Waypipe => "waypipe",
            Self::Weston => "weston in a window",
        }
    }

    /// A program that must be there, with how to ask for its version.
    pub(crate) fn needs(self) -> Option<&'static str> {
        match self {
            Self::Waypipe => Some("waypipe"),
            Self::Weston => Some("weston"),
            _ => None,
        }
    }
}

/// Where things are.
pub(crate) struct Places {
    /// The compositor's socket.
    pub(crate) host: PathBuf,
    /// A directory for the peers' sockets.
    pub(crate) runtime: PathBuf,
    /// Where the programs of this crate are.
    pub(crate) bench: PathBuf,
    /// Where the helpers of Oz are.
    pub(crate) oz: PathBuf,
}

impl Places {
    pub(crate) fn find() -> Result<Self> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .context("no XDG_RUNTIME_DIR")?;
        let display = std::env::var_os("WAYLAND_DISPLAY").context("no WAYLAND_DISPLAY")?;
        let own = std::env::current_exe().context("cannot tell where we are")?;
        let bench = own
            .parent()
            .context("a program without a directory")?
            .to_owned();
        let oz = bench.with_file_name("oz");
        Ok(Self {
            host: runtime.join(display),
            runtime,
            bench,
            oz,
        })
    }

    fn client(&self) -> PathBuf {
        self.bench.join("oz-bench-client")
    }
}

/// A peer that runs, and how to start a client in it. It ends with the value.
pub(crate) struct Running {
    children: Vec<Child>,
    sockets: Vec<PathBuf>,
    display: PathBuf,
    /// What comes before the client, if it is started by the peer.
    prefix: Vec<OsString>,
    sandboxed: bool,
    client: PathBuf,
}

impl Running {
    pub(crate) fn start(peer: Peer, places: &Places) -> Result<Self> {
        let mut running = Self {
            children: Vec::new(),
            sockets: Vec::new(),
            display: places.host.clone(),
            prefix: Vec::new(),
            sandboxed: false,
            client: places.client(),
        };
        let own = places.runtime.join(fresh_name());
        match peer {
            Peer::Direct => {}
            Peer::Relay => {
                let mut relay = Command::new(places.bench.join("oz-bench-relay"));
                relay.arg(&own).arg(&places.host);
                running.listen(relay, &own)?;
            }
            Peer::Proxy => {
                let mut proxy = Command::new(places.oz.join("display-proxy"));
                proxy
                    .arg("--listen")
                    .arg(&own)
                    .arg("--host-socket")
                    .arg(&places.host);
                running.listen(proxy, &own)?;
            }
            Peer::Sandbox => running.sandboxed = true,
            Peer::Waypipe => {
                let mut client = Command::new("waypipe");
                client.arg("--socket").arg(&own).arg("client");
                running.listen(client, &own)?;
                running.display.clone_from(&places.host);
                let own = own.as_os_str();
                running.prefix = [
                    "waypipe".as_ref(),
                    "--socket".as_ref(),
                    own,
                    "server".as_ref(),
                    "--".as_ref(),
                ]
                .map(OsString::from)
                .to_vec();
            }
            Peer::Weston => {
                let mut weston = Command::new("weston");
                weston
                    .args([
                        "--backend=wayland-backend.so",
                        "--use-pixman",
                        "--no-config",
                        "--idle-time=0",
                    ])
                    .args(["--width=1400", "--height=900"])
                    .arg(format!(
                        "--socket={}",
                        own.file_name().unwrap_or_default().display()
                    ));
                running.listen(weston, &own)?;
            }
        }
        Ok(running)
    }

    /// Starts something that listens at a path, and waits until it does.
    fn listen(&mut self, mut command: Command, path: &Path) -> Result<()> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        self.children.push(child);
        self.sockets.push(path.to_owned());
        path.clone_into(&mut self.display);
        let end = Instant::now() + PATIENCE;
        // Looked at, not connected to: some peers serve one connection only.
        while !path.exists() {
            if let Some(Ok(Some(status))) = self.children.last_mut().map(Child::try_wait) {
                bail!(
                    "{} ended at once ({status})",
                    command.get_program().display()
                );
            }
            if Instant::now() > end {
                bail!("{} does not listen", command.get_program().display());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(100));
        Ok(())
    }

    /// The command that starts the client so that it is seen through this peer.
    pub(crate) fn client(&self) -> Command {
        let program = self.client.as_os_str();
        let mut command = match self.prefix.split_first() {
            _ if self.sandboxed => sandbox(&[OsStr::new("--read"), program]),
            Some((first, rest)) => command(first, rest),
            None => Command::new(program),
        };
        if self.sandboxed || !self.prefix.is_empty() {
            command.arg(program);
        }
        command.arg("serve").env("WAYLAND_DISPLAY", &self.display);
        command
    }

    /// The command that starts a program of the machine's; not for peers with a prefix.
    pub(crate) fn app(&self, program: &str) -> Command {
        let mut command = if self.sandboxed {
            let mut command = sandbox(&[]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.env("WAYLAND_DISPLAY", &self.display);
        command
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        for socket in &self.sockets {
            let _ = std::fs::remove_file(socket);
        }
    }
}

/// A name of its own each time: nothing that is left of an earlier round can be met.
fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("bench-{}-{next}", std::process::id())
}

/// `oz run` up to the program; the client is not beneath /usr, so it needs a grant.
fn sandbox(more: &[&OsStr]) -> Command {
    let mut command = Command::new("oz");
    command.args(["run", "--ephemeral"]).args(more).arg("--");
    command
}

fn command(program: &OsStr, arguments: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Whether somebody answers at the compositor's socket.
pub(crate) fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).is_ok()
}
