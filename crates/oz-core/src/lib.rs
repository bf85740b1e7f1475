//! oz-core
