//! System calls by group, each with its reason.

/// Why a profile may not add a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraError {
    /// It is never allowed.
    #[error("the call is never allowed: {0}\nleave it out")]
    Never(&'static str),
    /// It is allowed already.
    #[error("the call is allowed already\nleave it out")]
    Allowed,
    /// No such call.
    #[error("no call of that name can be added\nthere are {0}")]
    Unknown(String),
}

/// Whether a profile may add the call.
pub fn extra(_name: &str) -> Result<(), ExtraError> {
    Ok(())
}
