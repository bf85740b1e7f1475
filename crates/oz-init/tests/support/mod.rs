//! A daemon for tests: it starts the real init as an ordinary user and speaks its protocol.

#![allow(dead_code)] // each test file uses its part of this

pub mod mount;
pub mod plan;
pub mod scratch;

use std::ffi::CString;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use oz_core::plan::{Mode, Op, Plan, User};
use oz_core::report::Held;
use oz_core::wire::init::{ExitStatus, FromInit, Program, Stdio, ToInit};
use oz_core::wire::{Reader, encode, frame};
use oz_sys::spawn::Spawned;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{PidfdFlags, WaitId, WaitIdOptions};

use scratch::Scratch;

/// Everything is allowed.
pub const ALLOW: u64 = 0x0006_0000_7fff_0000;

pub const NONCE: [u8; 32] = [7; 32];

const PATIENCE: Duration = Duration::from_secs(20);

/// Whom the sandbox is for: whoever runs the tests, or somebody ordinary if that is root.
pub fn ordinary() -> (u32, u32) {
    match rustix::process::getuid().as_raw() {
        0 => (12345, 12345),
        uid => (uid, rustix::process::getgid().as_raw()),
    }
}

/// Starts a program of the host as that user.
pub fn spawn_ordinary(program: &str, words: &[&str], fds: &[(BorrowedFd, i32)]) -> Spawned {
    let (uid, gid) = ordinary();
    let (reuid, regid) = (format!("--reuid={uid}"), format!("--regid={gid}"));
    let mut all = vec!["setpriv", "--clear-groups", &reuid, &regid];
    if rustix::process::getuid().as_raw() != 0 {
        all = vec!["env"];
    }
    all.push(program);
    all.extend(words);
    let path = CString::new(format!("/usr/bin/{}", all[0])).expect("no NUL");
    let c_string = |word: &&str| CString::new(*word).expect("no NUL");
    let argv: Vec<CString> = all.iter().map(c_string).collect();
    oz_sys::spawn::spawn(&path, &argv, &[c"PATH=/usr/bin:/bin".into()], fds).expect("spawned")
}

/// A running sandbox.
pub struct Sandbox {
    pub scratch: Scratch,
    pub daemon: Daemon,
    pub init: Init,
    /// User, mount, network, pid.
    pub namespaces: Vec<OwnedFd>,
    pub listeners: Vec<OwnedFd>,
    /// How far each wall holds.
    pub held: Vec<Held>,
    next: u64,
}

/// The daemon's side of one connection.
pub struct Daemon {
    socket: UnixStream,
    reader: Reader<OwnedFd>,
}

impl Daemon {
    pub fn new(socket: UnixStream) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).expect("timeout");
        let reader = Reader::new(frame::MAX_UNTRUSTED);
        Self { socket, reader }
    }

    pub fn send(&self, message: &ToInit, fds: &[BorrowedFd]) {
        let bytes = encode(message, fds.len()).expect("encodes");
        oz_sys::socket::send_frame(&self.socket, &bytes, fds).expect("sent");
    }

    /// The next message; `None` if init has closed.
    pub fn hear(&mut self) -> Option<(FromInit, Vec<OwnedFd>)> {
        loop {
            if let Some(frame) = self.reader.next().expect("valid") {
                return Some((frame.decode().expect("decodes"), frame.fds));
            }
            let mut buffer = [0; 4096];
            match oz_sys::socket::recv(&self.socket, &mut buffer) {
                Ok((0, _)) => return None,
                Ok((length, fds)) => self.reader.push(&buffer[..length], fds),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("init says nothing: {error}"),
            }
        }
    }

    /// Waits for a message of one kind and drops others.
    pub fn wait<T>(&mut self, mut wanted: impl FnMut(&FromInit) -> Option<T>) -> (T, Vec<OwnedFd>) {
        loop {
            let (message, fds) = self.hear().expect("init is there");
            if let Some(found) = wanted(&message) {
                return (found, fds);
            }
            if let FromInit::Failed { .. } = message {
                panic!("{message:?}");
            }
        }
    }
}

/// What a launch came to.
pub fn launch(plan: Plan, filter: Vec<u64>) -> Result<Sandbox, FromInit> {
    launch_and(plan, filter, &[])
}

/// The same, with requests sent right behind the first message.
pub fn launch_and(plan: Plan, filter: Vec<u64>, more: &[ToInit]) -> Result<Sandbox, FromInit> {
    launch_as(plan, [filter, vec![ALLOW]], more)
}

/// As a daemon launches it: programs have the plan's list, and init its own.
pub fn start_listed(plan: Plan) -> Sandbox {
    let filter = oz_confine::filter::compile(&plan.syscalls).expect("compiles");
    start_behind(plan, filter)
}

/// The same with another filter of the programs.
pub fn start_behind(plan: Plan, filter: Vec<u64>) -> Sandbox {
    let own = oz_confine::helpers::init(&plan.syscalls).expect("compiles");
    launch_as(plan, [filter, own], &[]).expect("a sandbox")
}

/// The init that is tested.
pub fn init() -> String {
    std::env::var("OZ_INIT").unwrap_or_else(|_| env!("CARGO_BIN_EXE_oz-init").to_owned())
}

/// What a sandbox begins with.
pub struct Nascent {
    pub daemon: Daemon,
    pub init: Init,
    /// How many of the plan's steps.
    made: usize,
}

/// Has an init begin, and waits until it has.
pub fn begin(user: User, network: bool, root: &[Op], likely: &[Op]) -> Result<Nascent, FromInit> {
    let (daemon, stage0) = spawn_init();
    let begin = ToInit::Begin {
        user,
        network,
        root: root.to_vec(),
        likely: likely.to_vec(),
    };
    let made = root.len();
    daemon.send(&begin, &[]);
    let nascent = born(daemon, stage0)?;
    Ok(Nascent { made, ..nascent })
}

impl Nascent {
    /// Makes a sandbox of it.
    pub fn finish(self, mut plan: Plan) -> Result<Sandbox, FromInit> {
        plan.root.drain(..self.made);
        let scratch = Scratch::new();
        send_start(&self.daemon, &scratch, plan, [vec![ALLOW], vec![ALLOW]]);
        self.ready(scratch)
    }

    fn ready(mut self, scratch: Scratch) -> Result<Sandbox, FromInit> {
        match self.daemon.hear().expect("an answer") {
            (FromInit::Ready { listeners, held }, mut fds) => {
                let sockets = fds.split_off(4);
                assert_eq!(sockets.len(), listeners.len());
                Ok(Sandbox {
                    scratch,
                    daemon: self.daemon,
                    init: self.init,
                    namespaces: fds,
                    listeners: sockets,
                    held,
                    next: 1,
                })
            }
            (other, _) => Err(other),
        }
    }
}

fn spawn_init() -> (Daemon, Spawned) {
    oz_sys::reaper::set_subreaper().expect("subreaper");
    let (ours, theirs) = UnixStream::pair().expect("pair");
    let stage0 = spawn_ordinary(&init(), &["--control", "3"], &[(theirs.as_fd(), 3)]);
    (Daemon::new(ours), stage0)
}

/// Until it has begun.
fn born(mut daemon: Daemon, stage0: Spawned) -> Result<Nascent, FromInit> {
    let first = daemon.hear().expect("an answer");
    stage0.wait().expect("stage 0 ends");
    let (FromInit::Born, mut fds) = first else {
        return Err(first.0);
    };
    let init = Init(fds.pop().expect("a pidfd"));
    match daemon.hear().expect("an answer") {
        (FromInit::Begun, _) => Ok(Nascent {
            daemon,
            init,
            made: 0,
        }),
        (other, _) => Err(other),
    }
}

fn send_start(daemon: &Daemon, scratch: &Scratch, plan: Plan, filters: [Vec<u64>; 2]) {
    let listener = UnixListener::bind(scratch.path.join("control")).expect("bound");
    let [filter, own_filter] = filters;
    let start = ToInit::Start {
        plan: Box::new(plan),
        filter,
        own_filter,
        x_server_filter: oz_confine::helpers::x_server().expect("compiles"),
        nonce: NONCE,
    };
    daemon.send(&start, &[listener.as_fd()]);
}

/// Says everything at once, as a daemon does that has begun nothing in advance.
fn launch_as(plan: Plan, filters: [Vec<u64>; 2], more: &[ToInit]) -> Result<Sandbox, FromInit> {
    let scratch = Scratch::new();
    let (daemon, stage0) = spawn_init();
    let begin = ToInit::Begin {
        user: plan.user.clone(),
        network: plan.network.mode != Mode::Host,
        root: Vec::new(),
        likely: Vec::new(),
    };
    daemon.send(&begin, &[]);
    send_start(&daemon, &scratch, plan, filters);
    for request in more {
        daemon.send(request, &[]);
    }
    born(daemon, stage0)?.ready(scratch)
}

/// A sandbox whose programs may call everything.
pub fn start(plan: Plan) -> Sandbox {
    launch(plan, vec![ALLOW]).expect("a sandbox")
}

impl Sandbox {
    /// Starts a program and returns its number.
    pub fn begin(&mut self, argv: &[&str], stdio: Stdio, fds: &[BorrowedFd]) -> u64 {
        let process = self.next;
        self.next += 1;
        let program = Program {
            argv: argv.iter().map(|word| (*word).into()).collect(),
            environment: vec![("MORE".into(), "yes".into())],
            directory: None,
        };
        let run = ToInit::Run {
            process,
            program,
            stdio,
            executable: false,
            explained: false,
            watched: Vec::new(),
        };
        self.daemon.send(&run, fds);
        process
    }

    /// Starts a shell whose output comes through the pipe.
    pub fn begin_shell(&mut self, script: &str) -> (u64, std::io::PipeReader) {
        let (output, writer) = std::io::pipe().expect("pipe");
        let null = std::fs::File::open("/dev/null").expect("null");
        let fds = [null.as_fd(), writer.as_fd(), writer.as_fd()];
        (
            self.begin(&["sh", "-c", script], Stdio::Pipes, &fds),
            output,
        )
    }

    /// Runs a shell to its end: its output and how it ended.
    pub fn shell(&mut self, script: &str) -> (String, ExitStatus) {
        let (process, mut output) = self.begin_shell(script);
        let status = self.ended(process);
        let mut text = String::new();
        output.read_to_string(&mut text).expect("output");
        (text.trim_end().to_owned(), status)
    }

    pub fn started(&mut self, process: u64) -> Vec<OwnedFd> {
        let wanted = FromInit::Started { process };
        self.daemon
            .wait(|message| (*message == wanted).then_some(()))
            .1
    }

    pub fn ended(&mut self, process: u64) -> ExitStatus {
        let status = |message: &FromInit| match message {
            FromInit::Exited { process: p, status } if *p == process => Some(*status),
            _ => None,
        };
        self.daemon.wait(status).0
    }

    /// Waits until the sandbox has ended.
    pub fn gone(&mut self, within: Duration) -> bool {
        self.init.ended(within)
    }

    /// Host pids of all processes in the sandbox's pid namespace.
    pub fn host_pids(&self) -> Vec<i32> {
        let ours = rustix::fs::fstat(&self.namespaces[3]).expect("stat").st_ino;
        let entries = std::fs::read_dir("/proc").expect("proc").flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid: &i32| {
                let link = std::fs::metadata(format!("/proc/{pid}/ns/pid"));
                link.is_ok_and(|stat| std::os::unix::fs::MetadataExt::ino(&stat) == ours)
            })
            .collect()
    }
}

/// The first process of a sandbox, which goes with the test however that ends.
pub struct Init(pub OwnedFd);

impl Init {
    /// Waits until it has ended.
    pub fn ended(&self, within: Duration) -> bool {
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: within.as_nanos().try_into().expect("short"),
        };
        let timeout = match within.as_secs() {
            0 => timeout,
            seconds => Timespec {
                tv_sec: seconds.try_into().expect("short"),
                tv_nsec: 0,
            },
        };
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        rustix::event::poll(&mut polled, Some(&timeout)).expect("poll") == 1
    }

    /// Its number outside.
    pub fn pid(&self) -> i32 {
        let info = format!("/proc/self/fdinfo/{}", self.0.as_raw_fd());
        let info = std::fs::read_to_string(info).expect("read");
        let line = info.lines().find_map(|line| line.strip_prefix("Pid:"));
        line.and_then(|pid| pid.trim().parse().ok()).expect("a pid")
    }
}

impl Drop for Init {
    fn drop(&mut self) {
        let _ = rustix::process::pidfd_send_signal(&self.0, rustix::process::Signal::KILL);
        let pidfd = WaitId::PidFd(self.0.as_fd());
        let _ = rustix::process::waitid(pidfd, WaitIdOptions::EXITED);
    }
}

/// Waits until something is so.
pub fn eventually(mut what: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// A pidfd of a process of the host.
pub fn pidfd(pid: i32) -> OwnedFd {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::pidfd_open(pid, PidfdFlags::empty()).expect("it lives")
}
