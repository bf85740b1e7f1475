//! What a profile says.
