//! oz-init
