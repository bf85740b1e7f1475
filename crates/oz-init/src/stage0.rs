//! Before init: a process of the host that makes the namespaces and ends.
//!
//! One `clone` makes all namespaces and init in them. What failed is found out only if it did.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use oz_core::wire::encode;
use oz_core::wire::init::{FromInit, Stage};
use oz_sys::process::{Fork, SingleThread, new};
use rustix::thread::UnshareFlags;

use crate::failure::{At, Failure};
use crate::inside::Inside;
use crate::{reactor, stages, start, user_map};

/// Every namespace of a sandbox, with what it is called when it cannot be made.
///
/// The user namespace is first: it gives the right to make the others. Control groups are not among them: init may be
/// moved to another one, and each program is given the one in which init is then.
const NAMESPACES: [(u64, UnshareFlags, &str); 6] = [
    (new::USER, UnshareFlags::NEWUSER, "user namespace"),
    (new::MOUNT, UnshareFlags::NEWNS, "mount namespace"),
    (new::PID, UnshareFlags::NEWPID, "pid namespace"),
    (new::NET, UnshareFlags::NEWNET, "network namespace"),
    (new::IPC, UnshareFlags::NEWIPC, "ipc namespace"),
    (new::UTS, UnshareFlags::NEWUTS, "uts namespace"),
];

/// Hears what to begin with and makes init, which takes the rest of this function in the sandbox.
pub fn run(control: OwnedFd) -> ExitCode {
    match make(&control) {
        Ok(Role::Parent) => ExitCode::SUCCESS,
        Ok(Role::Init {
            thread,
            begin,
            gate,
        }) => match become_init(thread, *begin, gate, &control) {
            Ok(inside) => reactor::run(inside, control),
            Err(failure) => fail(&control, failure),
        },
        Err(failure) => fail(&control, failure),
    }
}

/// Its names for whoever lists processes.
const WAITING: &CStr = c"oz-next";
const INIT: &CStr = c"oz-init";

fn call_me(name: &CStr) {
    // If it is refused, only the list is less clear.
    let _ = rustix::thread::set_name(name);
}

/// Between the two halves init may wait for long, and ends if its daemon does.
fn become_init(
    thread: SingleThread,
    mut begin: start::Begin,
    gate: Gate,
    control: &OwnedFd,
) -> Result<Inside, Failure> {
    let begun = stages::begin(&begin);
    gate.wait();
    let begun = begun?;
    let message = encode(&FromInit::Begun, 0).unwrap_or_default();
    oz_sys::socket::send_frame(control, &message, &[]).at(Stage::Plan, "control socket")?;
    // Once the daemon knows: whoever sees it by this name sees one that the next launch gets.
    call_me(WAITING);
    let start = start::receive(control, &mut begin)?;
    call_me(INIT);
    stages::finish(thread, begun, start, begin.more)
}

fn fail(control: &OwnedFd, failure: Failure) -> ExitCode {
    if let Ok(bytes) = encode(&failure.message(None), 0) {
        // If the daemon is gone there is nobody left to tell.
        let _ = oz_sys::socket::send_frame(control, &bytes, &[]);
    }
    ExitCode::FAILURE
}

enum Role {
    Parent,
    Init {
        thread: SingleThread,
        begin: Box<start::Begin>,
        gate: Gate,
    },
}

/// Holds init's first message back until its parent has sent its last one: they share a socket.
struct Gate(OwnedFd);

impl Gate {
    fn wait(self) {
        // Ends when the parent's end closes, at the latest because the parent has ended.
        let _ = rustix::io::read(&self.0, &mut [0; 1]);
    }
}

fn make(control: &OwnedFd) -> Result<Role, Failure> {
    let thread = SingleThread::check().at(Stage::Namespaces, "/proc/self/task")?;
    let begin = start::begin(control)?;
    let (gate, opener) =
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).at(Stage::Namespaces, "pipe")?;
    let mut all = NAMESPACES.iter().fold(0, |all, (flag, ..)| all | flag);
    if !begin.network {
        all &= !new::NET;
    }
    match oz_sys::process::fork(thread, all) {
        Ok(Fork::Child) => Ok(Role::Init {
            thread,
            begin: Box::new(begin),
            gate: Gate(gate),
        }),
        Ok(Fork::Parent { pidfd, .. }) => {
            let born = encode(&FromInit::Born, 1).unwrap_or_default();
            oz_sys::socket::send_frame(control, &born, &[pidfd.as_fd()])
                .at(Stage::Namespaces, "control socket")?;
            drop(opener);
            Ok(Role::Parent)
        }
        Err(error) => Err(diagnose(&begin, error)),
    }
}

/// Makes one namespace after the other to find the one that cannot be made.
fn diagnose(begin: &start::Begin, together: std::io::Error) -> Failure {
    let wanted = |flag| flag != UnshareFlags::NEWNET || begin.network;
    for (_, flag, name) in NAMESPACES.into_iter().filter(|(_, flag, _)| wanted(*flag)) {
        if let Err(failure) = oz_sys::namespaces::unshare(flag).at(Stage::Namespaces, name) {
            return failure;
        }
        if flag == UnshareFlags::NEWUSER
            && let Err(failure) = user_map::write(&begin.user, None)
        {
            return failure;
        }
    }
    Failure {
        stage: Stage::Namespaces,
        subject: "process".into(),
        errno: together.raw_os_error().unwrap_or(0),
    }
}
