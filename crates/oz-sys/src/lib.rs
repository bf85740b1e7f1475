//! oz-sys
