//! The command line: only the daemon writes it.

use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use oz_core::plan::forward::Endpoint;

/// What to do.
pub(crate) enum Work {
    /// Serve a forward.
    Forward(Forward),
    /// Say what the network refuses.
    Refusals {
        /// Where the kernel says it.
        socket: OwnedFd,
        /// Where to say it.
        reports: OwnedFd,
    },
}

/// One forward.
pub(crate) struct Forward {
    /// Where connections or datagrams arrive.
    pub(crate) listener: OwnedFd,
    /// Where they lead.
    pub(crate) target: Endpoint,
    /// The sandbox in which the target is, if it is in one.
    pub(crate) inside: Option<Inside>,
}

/// Namespaces of a sandbox.
pub(crate) struct Inside {
    pub(crate) user: OwnedFd,
    pub(crate) net: OwnedFd,
    pub(crate) mount: OwnedFd,
}

/// `TARGET [inside]`: descriptor 3 is the listener, 4 to 6 are the namespaces. `refusals`: 3 is the kernel's socket, 4
/// a pipe.
pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Work> {
    let words: Vec<String> = words.collect();
    let fd = oz_sys::descriptors::inherited;
    let (target, inside) = match &words[..] {
        [word] if word == "refusals" => {
            let (socket, reports) = (fd(3)?, fd(4)?);
            return Ok(Work::Refusals { socket, reports });
        }
        [target] => (target, false),
        [target, word] if word == "inside" => (target, true),
        _ => bail!("usage: net-proxy TARGET [inside] | refusals"),
    };
    let listener = fd(3)?;
    let inside = if inside {
        Some(Inside {
            user: fd(4)?,
            net: fd(5)?,
            mount: fd(6)?,
        })
    } else {
        None
    };
    let target = target.parse::<Endpoint>().map_err(anyhow::Error::msg)?;
    Ok(Work::Forward(Forward {
        listener,
        target,
        inside,
    }))
}
