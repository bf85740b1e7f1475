//! Before init: a process of the host that makes the namespaces and ends.
//!
//! One `clone` makes all namespaces and init in them, but for those that were made in advance, which
//! are joined before. What failed is found out only if it did.

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use oz_core::wire::encode;
use oz_core::wire::init::{FromInit, Stage};
use oz_sys::process::{Fork, SingleThread, new};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::failure::{At, Failure};
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

/// Reads the plan and makes init, which takes the rest of this function in the sandbox.
pub fn run(control: OwnedFd) -> ExitCode {
    match make(&control) {
        Ok(Role::Parent) => ExitCode::SUCCESS,
        Ok(Role::Init {
            thread,
            start,
            gate,
        }) => {
            let built = stages::run(thread, *start);
            gate.wait();
            match built {
                Ok(inside) => reactor::run(inside, control),
                Err(failure) => fail(&control, failure),
            }
        }
        Err(failure) => fail(&control, failure),
    }
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
        start: Box<start::Start>,
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
    let start = start::receive(control)?;
    let (gate, opener) =
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).at(Stage::Namespaces, "pipe")?;
    let mut all = NAMESPACES.iter().fold(0, |all, (flag, ..)| all | flag);
    if !start.has_own_network() {
        all &= !new::NET;
    }
    if let Some(spare) = &start.spare {
        join(spare, start.has_own_network())?;
        all &= !(new::USER | new::NET);
    }
    match oz_sys::process::fork(thread, all) {
        Ok(Fork::Child) => Ok(Role::Init {
            thread,
            start: Box::new(start),
            gate: Gate(gate),
        }),
        Ok(Fork::Parent { pidfd, .. }) => {
            let born = encode(&FromInit::Born, 1).unwrap_or_default();
            oz_sys::socket::send_frame(control, &born, &[pidfd.as_fd()])
                .at(Stage::Namespaces, "control socket")?;
            drop(opener);
            Ok(Role::Parent)
        }
        Err(error) => Err(diagnose(&start, error)),
    }
}

/// The user namespace first: it gives the right to join what belongs to it. A sandbox in the host's
/// network stays where it is.
fn join(spare: &start::Spare, network: bool) -> Result<(), Failure> {
    let user = (&spare.user, LinkNameSpaceType::User, "user namespace");
    let net = (&spare.net, LinkNameSpaceType::Network, "network namespace");
    for (namespace, kind, name) in std::iter::once(user).chain(network.then_some(net)) {
        move_into_link_name_space(namespace.as_fd(), Some(kind)).at(Stage::Namespaces, name)?;
    }
    // To join one took the right to look at oneself.
    oz_sys::privileges::set_inspectable(true).at(Stage::Namespaces, "dumpable")
}

/// Makes one namespace after the other to find the one that cannot be made.
fn diagnose(start: &start::Start, together: std::io::Error) -> Failure {
    let wanted = |flag| flag != UnshareFlags::NEWNET || start.has_own_network();
    for (_, flag, name) in NAMESPACES.into_iter().filter(|(_, flag, _)| wanted(*flag)) {
        if let Err(failure) = oz_sys::namespaces::unshare(flag).at(Stage::Namespaces, name) {
            return failure;
        }
        if flag == UnshareFlags::NEWUSER
            && let Err(failure) = user_map::write(&start.plan.user, None)
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
