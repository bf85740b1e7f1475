//! Windows of Oz's own: the file dialog, the panel.

mod dialog;
