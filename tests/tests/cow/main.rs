//! Copies that are made by writing: what an app sees of the home, where what it writes goes, and what nobody gets at.

mod bus;
mod changes;
mod clones;
mod combining;
mod diffs;
mod editors;
mod equal;
mod full;
mod going_on;
mod homes;
mod hostile;
mod merging;
mod pictures;
mod trees;
mod trials;
mod undo;

use oz_e2e::layers::{catch, copies, cow, fresh};
