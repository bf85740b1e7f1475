//! The panel: what runs, what it may do, and what it asks for.

#![allow(
    clippy::wildcard_imports,
    reason = "the fields of a widget are a module of its own file"
)]

mod actions;
mod app_page;
mod app_row;
mod application;
mod apps;
pub mod bench;
mod change_row;
mod changes;
mod choose;
mod control;
mod copies;
mod copies_row;
mod denial_row;
mod difference;
mod file_row;
mod installed;
mod kept;
mod learned;
mod learning;
mod log;
mod memory;
mod page;
mod pictures;
mod profiles;
mod prompt;
mod row;
mod terminal;
mod window;

pub use application::{ID, run};
