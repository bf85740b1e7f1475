//! The proxy as the program that it is, between a fake host and whoever connects: what it has open is its own alone, and a
//! crash is one.

use std::fs::File;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use oz_testkit::fakehost::{FakeHost, Seen};
use oz_testkit::patience;

use super::NEWER;

static PROCESSES: AtomicU32 = AtomicU32::new(0);

pub struct Process {
    child: Child,
    host: FakeHost,
    dir: PathBuf,
}

impl Process {
    pub fn start() -> Self {
        let number = PROCESSES.fetch_add(1, Ordering::Relaxed);
        let name = format!("oz-dp-process-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join("host")).unwrap();
        let (hosts, connections) = std::sync::mpsc::channel();
        // It ends with the host: nobody takes connections any more.
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if hosts.send(connection).is_err() {
                    break;
                }
            }
        });
        let child = Command::new(env!("CARGO_BIN_EXE_display-proxy"))
            .arg("--listen")
            .arg(dir.join("proxy"))
            .arg("--host-socket")
            .arg(dir.join("host"))
            .env("OZ_LOG", "error")
            .stderr(File::create(dir.join("log")).unwrap())
            .spawn()
            .unwrap();
        let process = Self {
            child,
            host: FakeHost::with(connections, NEWER),
            dir,
        };
        wait_for("the proxy to listen", || {
            UnixStream::connect(process.path()).is_ok()
        });
        process
    }

    /// Where it listens.
    pub fn path(&self) -> PathBuf {
        self.dir.join("proxy")
    }

    pub fn socket(&self) -> UnixStream {
        UnixStream::connect(self.path()).unwrap()
    }

    /// Nothing has gone wrong so far: it runs, has met no bug of its own, and the host has nothing to complain of.
    pub fn judge(&mut self) {
        let ended = self.child.try_wait().unwrap();
        let log = std::fs::read_to_string(self.dir.join("log")).unwrap();
        assert_eq!(ended, None, "it has ended: {log}");
        assert_eq!(log, "", "it complains");
        for seen in self.host.forget() {
            if let Seen::Left(Some(complaint)) = seen {
                panic!("it reached the host: {complaint}");
            }
        }
    }

    fn proc(&self, file: &str) -> PathBuf {
        format!("/proc/{}/{file}", self.child.id()).into()
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// Its memory in kilobytes.
    pub fn memory(&self) -> u64 {
        super::memory_of(&self.proc("status"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Whoever takes the host's connections hears of its end by one more.
        let _ = UnixStream::connect(self.dir.join("host"));
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Waits until something is so.
pub fn wait_for(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        let waited = start.elapsed();
        assert!(
            waited < patience::scaled(Duration::from_secs(20)),
            "waited for {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
