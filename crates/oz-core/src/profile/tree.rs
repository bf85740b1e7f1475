//! Text as a tree that remembers where each value stands.
use super::{ProfileError, Text};
pub(super) fn read(_: &Text) -> Result<(), ProfileError> {
    Ok(())
}
