//! The first two messages, and waiting for whole frames.

use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::plan::{self, Op, Plan, User};
use oz_core::wire::Reader;
use oz_core::wire::frame::{self, Frame};
use oz_core::wire::init::{Nonce, Stage, ToInit};

use crate::failure::{At, Failure};

/// What every sandbox begins with.
pub struct Begin {
    /// Who is mapped.
    pub user: User,
    /// It is not in the network of the host.
    pub network: bool,
    /// The first steps of the root.
    pub root: Vec<Op>,
    /// File systems in memory that it will probably have.
    pub likely: Vec<Op>,
    /// What has arrived behind the message.
    pub more: Reader<OwnedFd>,
}

/// What a sandbox is made from.
pub struct Start {
    /// The plan, checked.
    pub plan: Plan,
    /// The syscall filter of programs.
    pub filter: Vec<u64>,
    /// Init's own.
    pub own_filter: Vec<u64>,
    /// The X server's.
    pub x_server_filter: Vec<u64>,
    /// What a later daemon must say.
    pub nonce: Nonce,
    /// Where a later daemon connects.
    pub listener: OwnedFd,
}

/// Waits for the first message.
pub fn begin(control: impl AsFd) -> Result<Begin, Failure> {
    let mut more = Reader::new(frame::MAX_PLAN);
    let frame = wait_for_frame(control, &mut more).at(Stage::Plan, "control socket")?;
    match frame.decode() {
        Ok(ToInit::Begin {
            user,
            network,
            root,
            likely,
        }) if frame.fds.is_empty() => Ok(Begin {
            user,
            network,
            root,
            likely,
            more,
        }),
        _ => Err(invalid("first message")),
    }
}

/// Waits for the second, and checks the plan in it.
pub fn receive(control: impl AsFd, begin: &mut Begin) -> Result<Start, Failure> {
    let frame = wait_for_frame(control, &mut begin.more).at(Stage::Plan, "control socket")?;
    let Ok(ToInit::Start {
        mut plan,
        filter,
        own_filter,
        x_server_filter,
        nonce,
    }) = frame.decode()
    else {
        return Err(invalid("second message"));
    };
    let Ok([listener]) = <[OwnedFd; 1]>::try_from(frame.fds) else {
        return Err(invalid("control listener"));
    };
    if plan.version != plan::VERSION {
        return Err(invalid("version"));
    }
    let rest = mem::replace(&mut plan.root, mem::take(&mut begin.root));
    plan.root.extend(rest);
    if let Err(violation) = plan::check::check(&plan) {
        return Err(invalid(&violation.to_string()));
    }
    // What was made before anybody knew for what.
    let network = plan.network.mode != plan::Mode::Host;
    if plan.user != begin.user || network != begin.network {
        return Err(invalid("what was begun is for another plan"));
    }
    // An empty filter would be no filter at all, and the kernel takes no longer one.
    if [&filter, &own_filter, &x_server_filter]
        .iter()
        .any(|filter| filter.is_empty() || filter.len() > 4096)
    {
        return Err(invalid("syscall filter"));
    }
    Ok(Start {
        plan: *plan,
        filter,
        own_filter,
        x_server_filter,
        nonce,
        listener,
    })
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
