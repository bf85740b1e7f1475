//! Calls that a profile may add.

use super::refused::NEGOTIABLE;
use super::{allowed, conditional, is_never};

/// Why a profile may not add a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraError {
    /// It is never allowed.
    #[error("no sandbox is ever allowed this call: {0}\nleave it out")]
    Never(&'static str),
    /// It is in the list already.
    #[error("this call is allowed already, as far as it is safe\nleave it out")]
    Allowed,
    /// There is nothing of that name to add.
    #[error("there is no call of that name to add\nthere are {}", NEGOTIABLE.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))]
    Unknown,
}

/// Whether a profile may add the call.
pub fn extra(name: &str) -> Result<(), ExtraError> {
    if NEGOTIABLE.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    if let Some(reason) = is_never(name) {
        return Err(ExtraError::Never(reason));
    }
    if allowed().any(|known| known == name) || conditional(false).contains_key(name) {
        return Err(ExtraError::Allowed);
    }
    Err(ExtraError::Unknown)
}
