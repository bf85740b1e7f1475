//! The name that was meant.
