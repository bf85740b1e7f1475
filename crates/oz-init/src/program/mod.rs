//! Starting a program inside.

mod become_it;
mod environment;
mod explained;
mod report;
mod streams;

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::plan::Plan;
use oz_core::wire::encode;
use oz_core::wire::init::{Program, Stage};
use oz_sys::process::{Fork, new};
use rustix::process::Pid;

use crate::failure::{At, Failure};
use crate::inside::Inside;

pub use explained::Explain;

pub use report::{News, Report};
pub use streams::Streams;

/// What to start.
pub struct Launch {
    argv: Vec<CString>,
    environment: Vec<(CString, CString)>,
    directory: Option<CString>,
    /// A listening socket that becomes descriptor 3, and more that follow it.
    sockets: Vec<OwnedFd>,
    /// The file of the program; absent: it is found by its name.
    file: Option<OwnedFd>,
    /// Where its refused calls are answered and explained.
    explain: Option<Explain>,
    /// It is the X server, which has walls of its own.
    is_x_server: bool,
    streams: Streams,
}

/// A program on its way.
pub struct Launched {
    /// Its process.
    pub pid: Pid,
    /// Tells whether it made it.
    pub report: Report,
    /// The daemon's end of its terminal.
    pub terminal: Option<OwnedFd>,
}

impl Launch {
    /// What the daemon asks for.
    pub fn program(
        plan: &Plan,
        program: &Program,
        streams: Streams,
        file: Option<OwnedFd>,
        explain: Option<Explain>,
    ) -> Result<Self, Failure> {
        let invalid = |subject: &str| Failure {
            stage: Stage::Execute,
            subject: subject.into(),
            errno: rustix::io::Errno::INVAL.raw_os_error(),
        };
        let argv: Option<Vec<_>> = program.argv.iter().map(environment::c_string).collect();
        let argv = argv.filter(|argv| !argv.is_empty());
        Ok(Self {
            argv: argv.ok_or_else(|| invalid("arguments"))?,
            environment: environment::merge(plan, &program.environment)
                .ok_or_else(|| invalid("environment"))?,
            directory: program.directory.as_ref().and_then(environment::c_string),
            sockets: Vec::new(),
            file,
            explain,
            is_x_server: false,
            streams,
        })
    }

    /// A program of the plan that serves a socket.
    pub fn helper(plan: &Plan, argv: &[String], sockets: Vec<OwnedFd>) -> Result<Self, Failure> {
        // The X server is the one that has more than one.
        let is_x_server = sockets.len() > 1;
        let display = is_x_server.then(|| ("WAYLAND_SOCKET".into(), "4".into()));
        let program = Program {
            argv: argv.iter().map(|word| word.as_str().into()).collect(),
            environment: display.into_iter().collect(),
            directory: None,
        };
        let mut launch = Self::program(plan, &program, Streams::Null, None, None)?;
        launch.sockets = sockets;
        launch.is_x_server = is_x_server;
        Ok(launch)
    }

    /// Starts it; the child never comes back from here.
    pub fn start(self, inside: &Inside) -> Result<Launched, Failure> {
        let (report, writer) = Report::pipe().at(Stage::Execute, "pipe")?;
        // The control group that init is in by now is all that a program sees of the host's.
        match oz_sys::process::fork(inside.thread, new::USER | new::CGROUP) {
            Err(error) => Err(error).at(Stage::NestedNamespace, "user namespace"),
            Ok(Fork::Parent { child, .. }) => {
                // People wait for the program, and for nothing that init has to do now.
                std::thread::yield_now();
                Ok(Launched {
                    pid: child,
                    report,
                    terminal: self.streams.into_terminal(),
                })
            }
            Ok(Fork::Child) => {
                // Where it is the program's sockets may have to be.
                let writer =
                    rustix::io::fcntl_dupfd_cloexec(&writer, become_it::ABOVE).unwrap_or(writer);
                let failure = become_it::become_it(self, inside);
                // One write of less than a pipe holds: it does not wait and is not torn.
                let bytes = encode(&report::shorten(failure).message(None), 0);
                let _ = rustix::io::write(writer.as_fd(), &bytes.unwrap_or_default());
                oz_sys::process::exit_now(127)
            }
        }
    }
}
