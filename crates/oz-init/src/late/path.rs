//! Paths of grants, as lists of names.

use std::ffi::OsStr;
use std::path::Component;

use oz_core::OsBytes;
use oz_core::wire::mount::Refusal;
use rustix::io::Errno;

use super::os;

/// The names that an absolute path is made of; it has no `..` and is not the root.
pub fn names(path: &OsBytes) -> Result<Vec<&OsStr>, Refusal> {
    let invalid = || os("path", Errno::INVAL);
    let whole = path.as_path();
    if !whole.is_absolute() || path.has_nul() {
        return Err(invalid());
    }
    let names: Option<Vec<_>> = whole
        .components()
        .skip(1)
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    names.filter(|names| !names.is_empty()).ok_or_else(invalid)
}
