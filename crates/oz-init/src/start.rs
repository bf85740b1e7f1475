//! The first message, and waiting for whole frames.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::plan::{self, Plan};
use oz_core::wire::Reader;
use oz_core::wire::frame::{self, Frame};
use oz_core::wire::init::{Nonce, Stage, ToInit};

use crate::failure::{At, Failure};

/// What a sandbox is made from.
pub struct Start {
    /// The plan, checked.
    pub plan: Plan,
    /// The syscall filter of programs.
    pub filter: Vec<u64>,
    /// Init's own.
    pub own_filter: Vec<u64>,
    /// What a later daemon must say.
    pub nonce: Nonce,
    /// Where a later daemon connects.
    pub listener: OwnedFd,
    /// What was made in advance.
    pub spare: Option<Spare>,
    /// What has arrived behind the first message.
    pub more: Reader<OwnedFd>,
}

impl Start {
    /// Whether the sandbox is not in the network of the host.
    pub fn has_own_network(&self) -> bool {
        self.plan.network.mode != plan::Mode::Host
    }
}

/// Waits for the first message and checks the plan in it.
pub fn receive(control: impl AsFd) -> Result<Start, Failure> {
    let mut more = Reader::new(frame::MAX_PLAN);
    let frame = wait_for_frame(control, &mut more).at(Stage::Plan, "control socket")?;
    let Ok(ToInit::Start {
        plan,
        filter,
        own_filter,
        nonce,
        made,
    }) = frame.decode()
    else {
        return Err(invalid("first message"));
    };
    let mut fds = frame.fds.into_iter();
    let Some(listener) = fds.next() else {
        return Err(invalid("control listener"));
    };
    let steps = made as usize;
    let spare = match (steps, <[OwnedFd; 3]>::try_from(fds.collect::<Vec<_>>())) {
        (0, Err(none)) if none.is_empty() => None,
        (1.., Ok([user, net, root])) if steps <= plan.root.len() => Some(Spare {
            user,
            net,
            root: Some(root),
            steps,
        }),
        _ => return Err(invalid("what was made in advance")),
    };
    if plan.version != plan::VERSION {
        return Err(invalid("version"));
    }
    if let Err(violation) = plan::check::check(&plan) {
        return Err(invalid(&violation.to_string()));
    }
    // An empty filter would be no filter at all, and the kernel takes no longer one.
    if [&filter, &own_filter]
        .iter()
        .any(|filter| filter.is_empty() || filter.len() > 4096)
    {
        return Err(invalid("syscall filter"));
    }
    Ok(Start {
        plan: *plan,
        filter,
        own_filter,
        nonce,
        listener,
        spare,
        more,
    })
}

/// What every sandbox needs, made by [`spare`](crate::spare) before it was known for which.
pub struct Spare {
    /// The user namespace, in which the user is mapped.
    pub user: OwnedFd,
    /// The network namespace, whose loopback interface is up.
    pub net: OwnedFd,
    /// The root as far as it was made, until it is mounted.
    pub root: Option<OwnedFd>,
    /// How many of the plan's first steps those were.
    pub steps: usize,
}

fn invalid(subject: &str) -> Failure {
    Failure {
        stage: Stage::Plan,
        subject: subject.into(),
        errno: 0,
    }
}

/// Waits for one whole frame.
pub fn wait_for_frame(
    socket: impl AsFd,
    reader: &mut Reader<OwnedFd>,
) -> io::Result<Frame<OwnedFd>> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        if let Some(frame) = reader.next().map_err(io::Error::other)? {
            return Ok(frame);
        }
        match oz_sys::socket::recv(&socket, &mut buffer)? {
            (0, _) => return Err(io::ErrorKind::UnexpectedEof.into()),
            (length, fds) => reader.push(&buffer[..length], fds),
        }
    }
}
