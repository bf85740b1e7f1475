//! oz-cli
