//! A second X server in the session, whose window manager is the test's to choose, and which may be killed.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;

use crate::run::{Run, Started};
use crate::session::{self, Session};
use crate::{oz, wait};

/// Any machine, in a file of Xau(3).
const ANY: u16 = 65535;

/// An X server of the test's own, with a mouse and a keyboard.
pub struct SecondX {
    display: String,
    authority: PathBuf,
    mouse: PathBuf,
    server: Option<Server>,
    manager: Option<Started>,
    /// The desktop as one sees it there.
    pub desktop: Session,
}

struct Server {
    xvfb: Started,
    _seat: Started,
}

impl SecondX {
    /// Starts it, without a window manager.
    pub fn begin(session: &Session) -> Self {
        // The server of the test before may still be ending.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = 1000 + std::process::id() % 9000 + NEXT.fetch_add(1, Ordering::Relaxed);
        let display = format!(":{number}");
        let runtime = session::runtime_dir();
        let (authority, mouse) = (
            runtime.join(format!("x-authority-{number}")),
            runtime.join(format!("x-seat-{number}.sock")),
        );
        let desktop = session.on_x11(&display, &authority, mouse.clone());
        let mut this = Self {
            display,
            authority,
            mouse,
            server: None,
            manager: None,
            desktop: Session::beside(desktop),
        };
        this.again();
        this
    }

    /// Has a program speak to it.
    pub fn run(&self, run: Run) -> Run {
        run.env("DISPLAY", &self.display)
            .env("XAUTHORITY", &self.authority)
            .without("WAYLAND_DISPLAY")
    }

    /// `oz`, run there.
    pub fn oz<const N: usize>(&self, words: [&str; N]) -> Run {
        self.run(oz(words))
    }

    /// Starts a window manager, in place of the one that there is.
    pub fn manage<const N: usize>(&mut self, words: [&str; N]) {
        self.unmanage();
        let [program, arguments @ ..] = words.as_slice() else {
            return;
        };
        self.manager = Some(self.run(Run::new(program, arguments)).start());
        wait::for_condition("a window manager", || {
            self.desktop.is_managed().unwrap_or_default()
        });
    }

    /// Kills the window manager.
    pub fn unmanage(&mut self) {
        if let Some(manager) = self.manager.take() {
            manager.signal(Signal::KILL);
            manager.end_within(wait::PATIENCE);
        }
    }

    /// Kills the server.
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.xvfb.signal(Signal::KILL);
            server.xvfb.end_within(wait::PATIENCE);
        }
        if let Some(manager) = self.manager.take() {
            manager.end_within(wait::PATIENCE);
        }
        let _ = std::fs::remove_file(&self.mouse);
    }

    fn socket(&self) -> String {
        format!("/tmp/.X11-unix/X{}", self.display.trim_start_matches(':'))
    }

    /// Starts another of the same name, which another cookie opens.
    pub fn again(&mut self) {
        self.write_authority();
        let _ = std::fs::remove_file(self.socket());
        let xvfb = Run::new("Xvfb", [self.display.as_str()])
            .args(["-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .args(["-noreset", "-auth"])
            .arg(&self.authority)
            .start();
        wait::for_condition("an X server", || self.desktop.is_managed().is_ok());
        let seat = self
            .run(Run::new("oz-seat", ["serve-x11"]))
            .env("OZ_SEAT_SOCKET", &self.mouse)
            .start();
        wait::for_condition("its seat", || UnixStream::connect(&self.mouse).is_ok());
        self.server = Some(Server { xvfb, _seat: seat });
    }

    fn write_authority(&self) {
        let mut cookie = [0; 16];
        let mut random = std::fs::File::open("/dev/urandom").expect("there is chance");
        std::io::Read::read_exact(&mut random, &mut cookie).expect("there is enough of it");
        let mut bytes = ANY.to_be_bytes().to_vec();
        for word in [&b""[..], b"", b"MIT-MAGIC-COOKIE-1", &cookie] {
            bytes.extend(u16::try_from(word.len()).expect("short").to_be_bytes());
            bytes.extend(word);
        }
        let file = std::fs::File::create(&self.authority);
        file.and_then(|mut file| file.write_all(&bytes))
            .expect("a cookie can be written");
    }
}

impl Drop for SecondX {
    fn drop(&mut self) {
        self.kill();
        // One that was killed leaves what it listened at, where all sessions of the machine have it.
        let _ = std::fs::remove_file(self.socket());
        let number = self.display.trim_start_matches(':');
        let _ = std::fs::remove_file(format!("/tmp/.X{number}-lock"));
    }
}
