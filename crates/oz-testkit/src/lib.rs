//! oz-testkit
