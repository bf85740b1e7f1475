//! Sandboxes made to measure.

mod made;
mod reader;
