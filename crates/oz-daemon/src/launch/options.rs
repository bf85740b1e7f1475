//! What a caller can say about a launch, as it comes over the bus.

use std::collections::HashMap;

use zbus::{DeserializeDict, OwnedFd, Type};

/// Options of `Launch` and `Plan`. Unknown ones are refused: a misspelt restriction must not be
/// a launch without it.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields)]
pub(crate) struct Options {
    /// What to launch: a profile's name, a desktop id, an executable. The arguments are the app's.
    pub(crate) name: Option<String>,
    /// Which profile the command in the arguments follows, or the named app instead of its own.
    pub(crate) profile: Option<String>,
    /// The sandbox in which to run the command in the arguments.
    pub(crate) join: Option<String>,
    /// Instead of a command: what tries from inside the sandbox in `join` whether its walls hold.
    pub(crate) check: Option<bool>,
    /// Nothing lasts.
    pub(crate) ephemeral: Option<bool>,
    /// The name of the new sandbox, which is to go on with copies that are kept under it.
    pub(crate) sandbox: Option<String>,
    /// It is tried: in a sandbox of its own, in which nothing that is kept is gone on with, nothing of the user's can be changed
    /// but copies, and nothing was given for good.
    pub(crate) trial: Option<bool>,
    /// Directories to copy on writing, beside what the profile says.
    pub(crate) copy: Option<Vec<OwnedFd>>,
    /// An unpacked distribution that is the system inside instead of the host's.
    pub(crate) root: Option<OwnedFd>,
    /// With `root`: the app may change a copy of it.
    pub(crate) root_copy: Option<bool>,
    /// Another home than the profile's, by its word.
    pub(crate) home: Option<String>,
    /// Another network than the profile's, by its word.
    pub(crate) network: Option<String>,
    /// Variables of the caller's session.
    pub(crate) context: Option<HashMap<String, String>>,
    /// Where to start.
    pub(crate) cwd: Option<Vec<u8>>,
    /// Which arguments are files, and these, opened with O_PATH.
    pub(crate) arguments: Option<Vec<(u32, OwnedFd)>>,
    /// Files to show.
    pub(crate) read: Option<Vec<OwnedFd>>,
    /// Files to let the app change.
    pub(crate) write: Option<Vec<OwnedFd>>,
    /// Instead of the three above, if they are more than a message of the bus carries: a socket
    /// with all of them in this order,
    pub(crate) files: Option<OwnedFd>,
    /// which arguments the first are,
    pub(crate) file_arguments: Option<Vec<u32>>,
    /// and how many behind them are to show, how many to let the app change.
    pub(crate) file_counts: Option<(u32, u32)>,
    /// Pipes.
    pub(crate) stdin: Option<OwnedFd>,
    /// Likewise.
    pub(crate) stdout: Option<OwnedFd>,
    /// Likewise.
    pub(crate) stderr: Option<OwnedFd>,
    /// A terminal of so many rows and columns instead of pipes.
    pub(crate) terminal: Option<(u16, u16)>,
    /// A pipe on which one line says how the program ended.
    pub(crate) status: Option<OwnedFd>,
    /// A socket on which it is said what system calls of the program are refused, as lines of
    /// [`oz_core::wire::explain`]; only of a program in a new sandbox.
    pub(crate) explain: Option<OwnedFd>,
    /// With `explain`: the program is trained, and what it opens, starts and connects to is said as well.
    pub(crate) train: Option<bool>,
    /// The program's output goes to the sandbox's log.
    pub(crate) detach: Option<bool>,
}
