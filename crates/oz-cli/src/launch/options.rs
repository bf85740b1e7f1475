//! Options of the daemon's `Launch`, and what it returns.

use std::collections::HashMap;

use zbus::{DeserializeDict, OwnedFd, SerializeDict, Type};

/// See the daemon's description of each.
#[derive(Debug, Default, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Options {
    pub(crate) name: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) join: Option<String>,
    pub(crate) check: Option<bool>,
    pub(crate) ephemeral: Option<bool>,
    pub(crate) sandbox: Option<String>,
    pub(crate) trial: Option<bool>,
    pub(crate) copy: Option<Vec<OwnedFd>>,
    pub(crate) root: Option<OwnedFd>,
    pub(crate) root_copy: Option<bool>,
    pub(crate) home: Option<String>,
    pub(crate) network: Option<String>,
    pub(crate) context: Option<HashMap<String, String>>,
    pub(crate) cwd: Option<Vec<u8>>,
    pub(crate) arguments: Option<Vec<(u32, OwnedFd)>>,
    pub(crate) read: Option<Vec<OwnedFd>>,
    pub(crate) write: Option<Vec<OwnedFd>>,
    /// Instead of the three above, if they are more than a message of the bus carries: a socket
    /// with all of them in this order,
    pub(crate) files: Option<OwnedFd>,
    /// which arguments the first are,
    pub(crate) file_arguments: Option<Vec<u32>>,
    /// and how many behind them are to show, how many to let the app change.
    pub(crate) file_counts: Option<(u32, u32)>,
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Option<OwnedFd>,
    pub(crate) terminal: Option<(u16, u16)>,
    pub(crate) status: Option<OwnedFd>,
    pub(crate) explain: Option<OwnedFd>,
    pub(crate) train: Option<bool>,
    pub(crate) detach: Option<bool>,
}

/// What comes back besides names.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Results {
    pub(crate) terminal: Option<OwnedFd>,
    #[expect(dead_code)] // for others
    joined: Option<bool>,
    /// What the profile has been given for good and the sandbox does not get, and why.
    pub(crate) withheld: Option<Vec<String>>,
    /// The app is in the network of the host.
    pub(crate) host_network: Option<bool>,
}
