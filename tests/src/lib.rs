//! oz-e2e
