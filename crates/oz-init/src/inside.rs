//! What init holds of the sandbox that it has built.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use oz_core::plan::{Plan, Service};
use oz_core::report::Held;
use oz_core::wire::Reader;
use oz_core::wire::init::Nonce;
use oz_sys::process::SingleThread;

/// A finished sandbox.
pub struct Inside {
    /// That init may fork.
    pub thread: SingleThread,
    /// What it was built from.
    pub plan: Plan,
    /// The syscall filter of programs.
    pub filter: Vec<u64>,
    /// That of init.
    pub own_filter: Vec<u64>,
    /// That of the X server.
    pub x_server_filter: Vec<u64>,
    /// What a later daemon must say.
    pub nonce: Nonce,
    /// Where a later daemon connects.
    pub control: OwnedFd,
    /// What the daemon has sent behind its first message.
    pub more: Reader<OwnedFd>,
    /// User, mount, network, pid, in the order in which the daemon gets them.
    pub namespaces: Vec<OwnedFd>,
    /// Root of a process file system of init's own, which no path inside leads to: whatever programs do to
    /// /proc, this one is sound.
    pub proc: OwnedFd,
    /// Root of the terminal file system.
    pub terminals: Option<OwnedFd>,
    /// Of the layers of copies: they are free again when init has ended.
    pub locks: Vec<OwnedFd>,
    /// /dev/null.
    pub null: OwnedFd,
    /// The sockets.
    pub listeners: Vec<Listening>,
    /// How far the walls hold that depend on the machine.
    pub held: Vec<Held>,
}

/// A listening socket.
pub struct Listening {
    /// Who serves it.
    pub service: Service,
    /// Where it lies.
    pub path: PathBuf,
    /// The program inside that does, if it is not served from outside.
    pub helper: Option<Vec<String>>,
    /// The socket. Of an X server outside, where what it needs is sent: one message for each one that is started.
    pub socket: OwnedFd,
    /// The end inside of that.
    pub sends: Option<OwnedFd>,
}
