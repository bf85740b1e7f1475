//! oz-host
