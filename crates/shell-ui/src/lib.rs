//! What Oz shows a person in windows of its own: the panel, and a file dialog for hosts without a portal.
//!
//! [`dialog`] and the panel each have a part that knows no toolkit, which decides and is tested by plain tests, and
//! views, which show what that part says. Nothing here is asked by an app directly: the daemon has capped what apps
//! say, and what a person reads of it is quoted and made fit for that once more where it is shown.

pub mod bus;
pub mod dialog;
pub mod model;
pub mod panel;
pub mod style;
mod widgets;
pub mod words;
