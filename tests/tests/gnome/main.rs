//! Oz on GNOME: the extension in the shell's top bar.

mod shell;

/// What a test ends with.
type Outcome = anyhow::Result<()>;
