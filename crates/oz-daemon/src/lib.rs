//! oz-daemon
