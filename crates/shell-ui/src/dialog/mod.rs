//! `oz-dialog`: the file dialog on hosts whose session has none to ask for.
//!
//! It reads one [`Asked`], shows it, and writes one answer. What the app says about its
//! dialog is quoted; the band on top and the title are ours, so that a person knows who asks and that it is no dialog
//! of the host.

mod answer;
mod choices;
mod shown;
mod view;

pub use answer::{Picked, answer};
pub use shown::Shown;
pub use view::View;

use oz_core::wire::dialog::{Asked, FileDialogAnswer};

/// Shows a dialog and waits for the answer: for a program that does this and nothing else.
pub fn run(asked: &Asked) -> FileDialogAnswer {
    view::run(&View::new(asked))
}
