//! Sandboxes made to measure.

mod apparmor;
mod apps;
mod learn;
mod made;
mod reader;
