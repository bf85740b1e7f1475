//! A file that has the name of memory of a GPU, of a file system that never says what it is.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use common::{Rig, Told};
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_buffer_params_v1::ZwpLinuxBufferParamsV1;
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::ZwpLinuxDmabufV1;

impl Dispatch<ZwpLinuxDmabufV1, ()> for Told {
    fn event(
        _: &mut Self,
        _: &ZwpLinuxDmabufV1,
        _: <ZwpLinuxDmabufV1 as Proxy>::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

impl Dispatch<ZwpLinuxBufferParamsV1, ()> for Told {
    fn event(
        _: &mut Self,
        _: &ZwpLinuxBufferParamsV1,
        _: <ZwpLinuxBufferParamsV1 as Proxy>::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

/// The file system, as long as this is there. Who waits for it is let go of then.
struct Silent {
    process: Child,
    directory: PathBuf,
    _channel: UnixStream,
}

impl Silent {
    fn start() -> (Self, OwnedFd) {
        let directory = std::env::temp_dir().join(format!("oz-silent-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/silent.py");
        let process = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "python3", script])
            .arg(&directory)
            .stdin(OwnedFd::from(theirs))
            .spawn()
            .unwrap();
        let (_, mut fds) = oz_sys::socket::recv(&ours, &mut [0; 8]).unwrap();
        let silent = Self {
            process,
            directory,
            _channel: ours,
        };
        (silent, fds.pop().unwrap())
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir(&self.directory);
    }
}

#[test]
fn a_file_named_like_memory_of_a_gpu_ends_its_sender_and_nobody_waits_for_its_file_system() {
    let (silent, file) = Silent::start();
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    assert_eq!(std::fs::read_link(link).unwrap(), PathBuf::from("/dmabuf:"));
    // Who asks it waits.
    let (tell, told) = channel();
    let same = file.try_clone().unwrap();
    let asks = std::thread::spawn(move || {
        let _ = rustix::fs::fstatfs(&same);
        let _ = tell.send(());
    });
    let waited = told.recv_timeout(Duration::from_millis(500));
    assert_eq!(waited, Err(RecvTimeoutError::Timeout));

    let gpu = |config: &mut display_proxy::config::Config| config.gpu = true;
    let rig = Rig::start(&[("zwp_linux_dmabuf_v1", 3)], gpu, |_| {});
    rig.attack(|app| {
        let dmabuf: ZwpLinuxDmabufV1 = app.bind(3);
        let params = dmabuf.create_params(&app.qh, ());
        params.add(file.as_fd(), 0, 0, 64, 0, 0);
    });
    drop(rig);
    drop(silent);
    asks.join().unwrap();
}
