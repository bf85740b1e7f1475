//! An init that an app has taken over: whatever it says to the daemon, only its own sandbox suffers.
//!
//! The daemon is killed, and something hostile takes the place at which the next one finds the init of one
//! sandbox. It gets what the daemon says, and can have the real init answer, with all its descriptors.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use oz_core::plan::Service;
use oz_core::report::{Held, State, Wall};
use oz_core::wire::frame::{HEADER, MAX_UNTRUSTED};
use oz_core::wire::init::{ExitStatus, FromInit, Stage};
use oz_core::wire::{Reader, encode};
use oz_e2e::processes::{self, Process, kill_daemon};
use oz_e2e::session::runtime_dir;
use oz_e2e::{Inside, Session, cli, oz, wait};

/// Where init is found.
fn place(of: &Inside) -> PathBuf {
    runtime_dir()
        .join("oz/sandboxes")
        .join(of.id())
        .join("control")
}

/// Both sides of a daemon's connection to an init.
struct Between {
    daemon: UnixStream,
    /// The real one.
    init: UnixStream,
}

impl Between {
    fn say(&self, message: &FromInit, fds: &[BorrowedFd]) {
        let bytes = encode(message, fds.len()).expect("encodes");
        self.raw(&bytes, fds);
    }

    /// The daemon may have heard enough already.
    fn raw(&self, bytes: &[u8], fds: &[BorrowedFd]) {
        let _ = oz_sys::socket::send_frame(&self.daemon, bytes, fds);
    }

    /// Asks the real init for the descriptors by which a daemon takes its sandbox over.
    fn real(&self) -> (Vec<Service>, Vec<Held>, Vec<OwnedFd>) {
        let mut buffer = [0; 4096];
        let (length, _) = oz_sys::socket::recv(&self.daemon, &mut buffer).expect("it is asked");
        oz_sys::socket::send_frame(&self.init, &buffer[..length], &[]).expect("passed on");
        let mut reader = Reader::new(MAX_UNTRUSTED);
        loop {
            if let Some(frame) = reader.next().expect("valid") {
                match frame.decode().expect("decodes") {
                    FromInit::Ready { listeners, held } => return (listeners, held, frame.fds),
                    other => panic!("{other:?}"),
                }
            }
            let (length, fds) = oz_sys::socket::recv(&self.init, &mut buffer).expect("it answers");
            reader.push(&buffer[..length], fds);
        }
    }

    /// Takes part as the real one would.
    fn be_ready(&self) {
        let (listeners, held, fds) = self.real();
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        self.say(&FromInit::Ready { listeners, held }, &fds);
    }
}

/// What an init says that is no init any more.
type Hostile = fn(&Between);

fn null() -> OwnedFd {
    std::fs::File::open("/dev/null").expect("opens").into()
}

fn header(length: u32, fds: u16) -> Vec<u8> {
    let mut bytes = encode(&FromInit::Born, 0).expect("encodes");
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..6].copy_from_slice(&fds.to_le_bytes());
    bytes
}

/// Each ends its sandbox.
const DEADLY: &[(&str, Hostile)] = &[
    ("nothing but noise", |to| to.raw(&[0x5a; 4096], &[])),
    ("a message longer than any", |to| {
        to.raw(&header(u32::MAX, 0), &[])
    }),
    ("one just too long", |to| {
        let length = u32::try_from(MAX_UNTRUSTED + 1).expect("small");
        to.raw(&header(length, 0), &[]);
    }),
    ("a part of a message, then the end", |to| {
        to.raw(&header(1000, 0), &[]);
        let _ = to.daemon.shutdown(std::net::Shutdown::Both);
    }),
    ("a kind that there is not", |to| {
        let mut bytes = header(1, 0);
        bytes[HEADER] = 200;
        to.raw(&bytes, &[]);
    }),
    ("more behind a message", |to| {
        let mut bytes = header(9, 0);
        bytes.extend([7; 8]);
        to.raw(&bytes, &[]);
    }),
    ("more descriptors than a message may have", |to| {
        let null = null();
        let many = vec![null.as_fd(); 100];
        to.raw(&header(1, 100), &many);
    }),
    ("descriptors that nobody has claimed", |to| {
        let null = null();
        let many = vec![null.as_fd(); 60];
        to.raw(&[0x5a], &many);
        to.raw(&[0], &many);
    }),
    ("descriptors that do not come", |to| {
        to.raw(&header(1, 3), &[])
    }),
    ("that it was born again", |to| {
        let null = null();
        to.say(&FromInit::Born, &[null.as_fd()]);
    }),
    ("that it was born of nothing", |to| {
        to.say(&FromInit::Born, &[])
    }),
    ("that it is ready, with nothing", |to| {
        to.say(
            &FromInit::Ready {
                listeners: Vec::new(),
                held: Vec::new(),
            },
            &[],
        );
    }),
    ("that it is ready, with files for namespaces", |to| {
        let (listeners, held, fds) = to.real();
        let null = null();
        let fds = vec![null.as_fd(); fds.len()];
        to.say(&FromInit::Ready { listeners, held }, &fds);
    }),
    ("that it is ready, with the host's namespaces", |to| {
        let (listeners, held, fds) = to.real();
        let open = |kind| std::fs::File::open(format!("/proc/self/ns/{kind}")).expect("opens");
        let host = ["user", "mnt", "net", "pid"].map(open);
        let mut all: Vec<_> = host.iter().map(AsFd::as_fd).collect();
        all.extend(fds[4..].iter().map(AsFd::as_fd));
        to.say(&FromInit::Ready { listeners, held }, &all);
    }),
    ("that it is ready, with the host's network", |to| {
        let (listeners, held, fds) = to.real();
        let net = std::fs::File::open("/proc/self/ns/net").expect("opens");
        let mut all: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        all[2] = net.as_fd();
        to.say(&FromInit::Ready { listeners, held }, &all);
    }),
    ("that it is ready, with a thousand walls", |to| {
        let (listeners, _, fds) = to.real();
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        let held = vec![Held::new(Wall::Files, State::Enforced, "w"); 1000];
        to.say(&FromInit::Ready { listeners, held }, &fds);
    }),
    ("that it is ready, with sockets of others", |to| {
        let (_, held, fds) = to.real();
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        let listeners = vec![Service::Bus; fds.len() - 4];
        to.say(&FromInit::Ready { listeners, held }, &fds);
    }),
    ("that it is ready twice", |to| {
        let (listeners, held, fds) = to.real();
        let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
        for _ in 0..2 {
            let (listeners, held) = (listeners.clone(), held.clone());
            to.say(&FromInit::Ready { listeners, held }, &fds);
        }
    }),
    ("that a program was started that nobody asked for", |to| {
        to.be_ready();
        to.say(&FromInit::Started { process: u64::MAX }, &[]);
    }),
    ("that one ended that nobody asked for", |to| {
        to.be_ready();
        let status = ExitStatus::Code(0);
        to.say(
            &FromInit::Exited {
                process: u64::MAX,
                status,
            },
            &[],
        );
    }),
    ("that one failed that nobody asked for", |to| {
        to.be_ready();
        to.say(&failed(Some(u64::MAX), "x"), &[]);
    }),
    ("thousands of messages at once", |to| {
        to.be_ready();
        let status = ExitStatus::Signal(255);
        let helper = FromInit::HelperExited {
            service: Service::Bus,
            status,
        };
        let one = encode(&helper, 0).expect("encodes");
        let many = one.repeat(20_000);
        let _ = (&to.daemon).write_all(&many);
    }),
    ("a failure in words for the terminal", |to| {
        let words = format!("\u{1b}[2J\u{202e}{}\n\u{7}", "long ".repeat(10_000));
        to.say(&failed(None, &words), &[]);
    }),
    ("the end, and then more", |to| {
        to.be_ready();
        to.say(&FromInit::Ending, &[]);
        to.say(&FromInit::Born, &[]);
    }),
    // Last: it takes as long as a sandbox may take to be built.
    ("nothing at all", |to| {
        let mut buffer = [0; 4096];
        // Until the daemon has had enough.
        while let Ok((1.., _)) = oz_sys::socket::recv(&to.daemon, &mut buffer) {}
    }),
];

fn failed(process: Option<u64>, subject: &str) -> FromInit {
    FromInit::Failed {
        process,
        stage: Stage::Execute,
        subject: subject.into(),
        errno: i32::MIN,
    }
}

fn inits() -> usize {
    let all = processes::of_session();
    all.iter().filter(|process| process.runs("oz-init")).count()
}

fn daemon() -> Process {
    wait::until("the daemon", processes::daemon)
}

/// Lets the next daemon find something else in the place of an init, and says which daemon that was.
fn taken_over(victim: &Inside, hostile: Hostile) -> Process {
    kill_daemon();
    let place = place(victim);
    let real = place.with_file_name("real");
    std::fs::rename(&place, &real).expect("moved");
    let listener = UnixListener::bind(&place).expect("bound");
    let mut asking = oz(["ps"]).start();
    let (stream, _) = listener.accept().expect("a daemon");
    let between = Between {
        daemon: stream,
        init: UnixStream::connect(&real).expect("it listens"),
    };
    hostile(&between);
    let found = daemon();
    // Everybody else is answered meanwhile.
    wait::for_condition("an answer", || !asking.is_running());
    // The connection stays open: the daemon must not wait for its end.
    wait::for_condition("its end", || {
        !cli::running().contains(&victim.id().to_owned())
    });
    drop(between);
    found
}

#[test]
fn whatever_an_init_says_only_its_own_sandbox_ends() {
    let _session = Session::begin();
    let other = Inside::start(&["--", "sleep", "1000"]);
    for (what, hostile) in DEADLY {
        let victim = Inside::start(&["--", "sleep", "1000"]);
        let found = taken_over(&victim, *hostile);
        assert!(found.lives(), "{what} ended the daemon");
        assert_eq!(daemon().pid, found.pid, "{what} ended the daemon");
        assert_eq!(cli::running(), [other.id()], "{what}");
        // It was killed, and nothing of it is left.
        wait::for_condition(&format!("after {what}, its processes to be gone"), || {
            inits() == 1
        });
        assert_eq!(
            other.sh("echo undisturbed").ok().text(),
            "undisturbed",
            "{what}"
        );
        oz(["run", "--", "true"]).run().ok();
    }
}

#[test]
fn an_init_that_reads_nothing_holds_nobody_up() {
    let _session = Session::begin();
    let other = Inside::start(&["--", "sleep", "1000"]);
    let victim = Inside::start(&["--", "sleep", "1000"]);
    kill_daemon();
    let place = place(&victim);
    let real = place.with_file_name("real");
    std::fs::rename(&place, &real).expect("moved");
    let listener = UnixListener::bind(&place).expect("bound");
    let asking = oz(["ps"]).start();
    let (stream, _) = listener.accept().expect("a daemon");
    let between = Between {
        daemon: stream,
        init: UnixStream::connect(&real).expect("it listens"),
    };
    between.be_ready();
    asking.end_within(Duration::from_secs(20)).ok();
    // More than its socket holds, none of it read.
    let argument = "x".repeat(60_000);
    let all: Vec<_> = (0..8)
        .map(|_| {
            oz(["shell", victim.id(), "--", "true"])
                .arg(&argument)
                .start()
        })
        .collect();
    assert_eq!(other.sh("echo undisturbed").ok().text(), "undisturbed");
    for one in all {
        one.end_within(Duration::from_secs(40)).fails();
    }
    oz(["stop", victim.id()]).run();
    wait::for_condition("its end", || cli::running() == [other.id()]);
    assert_eq!(other.sh("echo undisturbed").ok().text(), "undisturbed");
}
