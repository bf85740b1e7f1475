//! The command line: only the daemon writes it.

use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use oz_core::plan::forward::Endpoint;

/// What to do.
pub(crate) struct Arguments {
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

/// `TARGET [inside]`; descriptor 3 is the listener, 4 to 6 are the namespaces.
pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Arguments> {
    let words: Vec<String> = words.collect();
    let (target, inside) = match &words[..] {
        [target] => (target, false),
        [target, word] if word == "inside" => (target, true),
        _ => bail!("usage: net-proxy TARGET [inside]"),
    };
    let fd = oz_sys::descriptors::inherited;
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
    Ok(Arguments {
        listener,
        target,
        inside,
    })
}
