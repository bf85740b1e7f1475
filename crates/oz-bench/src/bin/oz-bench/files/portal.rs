//! The document portal of this session, which serves single files to sandboxed apps of others.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::fs::{Mode, OFlags};
use tokio::runtime::Runtime;
use zbus::Connection;

const NAME: &str = "org.freedesktop.portal.Documents";
const PATH: &str = "/org/freedesktop/portal/documents";

/// How long it may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// It and the store that it asks, both ended with the value.
pub(super) struct Portal {
    runtime: Runtime,
    bus: Connection,
    mount: PathBuf,
    running: Vec<Child>,
}

impl Portal {
    pub(super) fn start() -> Result<Self> {
        let mut running = Vec::new();
        for program in ["xdg-permission-store", "xdg-document-portal"] {
            let mut command = Command::new(Path::new("/usr/libexec").join(program));
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            running.push(
                command
                    .spawn()
                    .with_context(|| format!("cannot start {program}"))?,
            );
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let bus = runtime.block_on(Connection::session())?;
        let mut portal = Self {
            runtime,
            bus,
            mount: PathBuf::new(),
            running,
        };
        let end = Instant::now() + PATIENCE;
        loop {
            let call = portal
                .bus
                .call_method(Some(NAME), PATH, Some(NAME), "GetMountPoint", &());
            match portal.runtime.block_on(call) {
                Ok(reply) => {
                    portal.mount = path(reply.body().deserialize::<Vec<u8>>()?);
                    return Ok(portal);
                }
                Err(error) if Instant::now() > end => {
                    bail!("the document portal does not answer: {error}")
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Where it shows a file.
    pub(super) fn document(&self, file: &Path) -> Result<PathBuf> {
        let opened: OwnedFd =
            rustix::fs::open(file, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let arguments = (zbus::OwnedFd::from(opened), false, false);
        let call = self
            .bus
            .call_method(Some(NAME), PATH, Some(NAME), "Add", &arguments);
        let id: String = self.runtime.block_on(call)?.body().deserialize()?;
        let name = file.file_name().context("a file has a name")?;
        Ok(self.mount.join(id).join(name))
    }
}

/// Without the zero at its end.
fn path(mut bytes: Vec<u8>) -> PathBuf {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    OsString::from_vec(bytes).into()
}

impl Drop for Portal {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        // It unmounts by itself only if it ends in order.
        let unmount = Command::new("fusermount3")
            .arg("-uz")
            .arg(&self.mount)
            .status();
        drop(unmount);
    }
}
