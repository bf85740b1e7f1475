//! From several files to one.
