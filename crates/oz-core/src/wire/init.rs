//! The daemon and a sandbox's init.

use serde::{Deserialize, Serialize};

use crate::OsBytes;
use crate::plan::{Op, Plan, Service, User};
use crate::report::Held;

/// Number of a program that was started on request; chosen by the daemon, never reused.
pub type ProcessId = u64;

/// What proves to an init that a connection is from its daemon's side: random, known to the daemon's
/// state directory and to init only.
pub type Nonce = [u8; 32];

/// From the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToInit {
    /// First message ever: make the namespaces, and in them what the plan will begin with. It is not known for
    /// what yet. No descriptors; answered by [`FromInit::Born`] and [`FromInit::Begun`].
    Begin {
        /// Who is mapped into the user namespace.
        user: User,
        /// There is a network namespace, with its loopback interface up.
        network: bool,
        /// The first steps of the root.
        root: Vec<Op>,
        /// File systems in memory that it will probably have: made, but in no place yet.
        likely: Vec<Op>,
    },
    /// Second message ever: make a sandbox of what was begun. Descriptors: the listening control socket at
    /// which a later daemon can connect. Answered by [`FromInit::Ready`].
    Start {
        /// What to build, for that user and with such a network; its root goes on behind the first steps.
        plan: Box<Plan>,
        /// The syscall filter of the plan, compiled: classic BPF instructions, `code` in the
        /// top 16 bits, then `jt`, `jf` (8 bits each), then `k` (32 bits).
        filter: Vec<u64>,
        /// The filter of init itself, likewise, once the sandbox is built.
        own_filter: Vec<u64>,
        /// The filter of its X server, likewise.
        x_server_filter: Vec<u64>,
        /// Expected from a daemon that connects later.
        nonce: Nonce,
    },
    /// First message of a daemon that connects later; answered by [`FromInit::Ready`] with
    /// duplicates of all descriptors, then [`FromInit::Started`] for each program that runs.
    Resume {
        /// As given with the start.
        nonce: Nonce,
    },
    /// Run a program. Descriptors: for [`Stdio::Pipes`], three: its standard input, output, error.
    Run {
        /// Its number.
        process: ProcessId,
        /// What to run.
        program: Program,
        /// Its standard streams.
        stdio: Stdio,
        /// One more descriptor is the program's file, which need not be anywhere inside; its name is
        /// only its first argument.
        executable: bool,
        /// The last descriptor is a socket on which somebody waits for the listener of the program's filter,
        /// to answer its refused calls and say what they were.
        explained: bool,
        /// Numbers of calls that are asked about there although they are allowed; none if nothing is explained.
        watched: Vec<u32>,
    },
    /// Send a signal to a program's process group.
    Signal {
        /// Which.
        process: ProcessId,
        /// A signal's number, 1 to 64.
        signal: u8,
    },
    /// End in order: ask every program to terminate, wait, then kill.
    Stop {
        /// How long to wait.
        grace_ms: u32,
    },
    /// Connect to a socket that is served inside, and send the connection, if its program runs. One comes without this as
    /// well, whenever that program is started.
    Reach {
        /// Whose socket.
        service: Service,
    },
    /// A later daemon will find the sandbox, so it need not end with this one. Before this, a
    /// sandbox whose daemon is gone ends: nobody would ever know of it.
    Findable,
}

/// A program and its surroundings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its arguments; the first names the executable, found in the plan's PATH unless it has a
    /// slash.
    pub argv: Vec<OsBytes>,
    /// Variables on top of the plan's.
    pub environment: Vec<(OsBytes, OsBytes)>,
    /// Where it starts; if that does not exist inside, the home, else `/`.
    pub directory: Option<OsBytes>,
}

/// Standard streams of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stdio {
    /// All /dev/null.
    Null,
    /// Pipes that came with the message.
    Pipes,
    /// A terminal made inside, whose other end comes back with [`FromInit::Started`].
    Terminal {
        /// Height in characters.
        rows: u16,
        /// Width in characters.
        columns: u16,
    },
}

/// From init. All of it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromInit {
    /// From the stage before init, which ends right after: init exists. Descriptors: its pidfd.
    Born,
    /// What a sandbox begins with is made, and init waits to be told for what.
    Begun,
    /// The sandbox is built. Descriptors: user namespace, mount namespace, network namespace, pid namespace,
    /// then one listening socket for each of `listeners`.
    Ready {
        /// Which sockets came along: those of the plan that are served outside.
        listeners: Vec<Service>,
        /// How far the walls hold that depend on the machine.
        held: Vec<Held>,
    },
    /// The sandbox could not be built, or a program not be started.
    Failed {
        /// The program, unless it is the sandbox itself.
        process: Option<ProcessId>,
        /// Which stage.
        stage: Stage,
        /// Which path or name was at fault.
        subject: OsBytes,
        /// The error number, 0 if there is none.
        errno: i32,
    },
    /// A program runs. Descriptors: for [`Stdio::Terminal`], the terminal's other end.
    Started {
        /// Which.
        process: ProcessId,
    },
    /// A program has ended.
    Exited {
        /// Which.
        process: ProcessId,
        /// How.
        status: ExitStatus,
    },
    /// A helper inside ended and will be started again by its next client.
    HelperExited {
        /// Which.
        service: Service,
        /// How.
        status: ExitStatus,
    },
    /// A program inside serves its socket. Descriptor: a connection to it.
    Reached {
        /// Whose socket.
        service: Service,
    },
    /// Nothing is left that would keep the sandbox; init ends after this message.
    Ending,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitStatus {
    /// By itself.
    Code(u8),
    /// By a signal.
    Signal(u8),
}

impl ExitStatus {
    /// What a shell would show: the code, or 128 + the signal.
    pub fn code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
        }
    }
}

/// Where a launch can fail; `Display` is the sentence's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Stage {
    /// Reading the plan.
    #[error("the plan was refused")]
    Plan,
    /// Making namespaces.
    #[error("cannot make the sandbox's namespaces")]
    Namespaces,
    /// Writing the user map.
    #[error("cannot map the user into the sandbox")]
    UserMap,
    /// Executing the plan's operations.
    #[error("cannot build the sandbox's root")]
    Root,
    /// Entering the new root.
    #[error("cannot enter the sandbox's root")]
    Pivot,
    /// Making listening sockets.
    #[error("cannot make a socket inside the sandbox")]
    Listeners,
    /// A wall that the plan requires does not hold.
    #[error("the sandbox would lack a wall that its profile requires")]
    Wall,
    /// Giving up privileges.
    #[error("cannot give up privileges")]
    Privileges,
    /// The nested user namespace of a program.
    #[error("cannot make the app's own user namespace")]
    NestedNamespace,
    /// The syscall filter.
    #[error("cannot install the syscall filter")]
    Filter,
    /// The terminal of a program.
    #[error("cannot make a terminal inside the sandbox")]
    Terminal,
    /// Its standard streams.
    #[error("cannot connect the program's standard streams")]
    Stdio,
    /// Executing the program.
    #[error("cannot execute the program")]
    Execute,
}
