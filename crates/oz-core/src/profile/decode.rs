//! From a tree to typed sections.
