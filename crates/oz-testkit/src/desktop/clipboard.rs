//! The clipboard and the primary selection, through wl-clipboard and xclip.

use anyhow::{Result, bail};

use super::{Kind, PATIENCE, Session, finish, x11};

impl Session {
    /// Puts text on the clipboard, from outside any app.
    ///
    /// # Errors
    /// When wl-copy fails.
    pub fn copy(&self, text: &str) -> Result<()> {
        self.copy_as("text/plain;charset=utf-8", text.as_bytes())
    }

    /// Puts bytes of a type on the clipboard.
    ///
    /// # Errors
    /// When wl-copy fails.
    pub fn copy_as(&self, kind: &str, bytes: &[u8]) -> Result<()> {
        if self.kind == Kind::X11 {
            return x11::copy(&mut self.command("sh"), kind, bytes);
        }
        // wl-copy stays in the background to serve the clipboard and would hold our pipes open.
        let script = r#"exec wl-copy --type "$0" >/dev/null 2>&1"#;
        let done = finish(
            self.command("sh").args(["-c", script, kind]),
            bytes,
            PATIENCE,
        )?;
        if !done.status.success() {
            bail!("wl-copy failed ({})", done.status);
        }
        Ok(())
    }

    /// The text on the clipboard; none if it is empty or has no text.
    ///
    /// # Errors
    /// When wl-paste hangs.
    pub fn paste(&self) -> Result<Option<String>> {
        if self.kind == Kind::X11 {
            return x11::paste(self.command("xclip"), "clipboard", "UTF8_STRING");
        }
        let done = finish(self.command("wl-paste").arg("--no-newline"), b"", PATIENCE)?;
        Ok(done
            .status
            .success()
            .then(|| String::from_utf8_lossy(&done.stdout).into_owned()))
    }

    /// The text of the primary selection; none if it is empty or has no text.
    ///
    /// # Errors
    /// When wl-paste hangs.
    pub fn paste_primary(&self) -> Result<Option<String>> {
        if self.kind == Kind::X11 {
            return x11::paste(self.command("xclip"), "primary", "UTF8_STRING");
        }
        let done = finish(
            self.command("wl-paste").args(["--primary", "--no-newline"]),
            b"",
            PATIENCE,
        )?;
        Ok(done
            .status
            .success()
            .then(|| String::from_utf8_lossy(&done.stdout).into_owned()))
    }

    /// The types that the clipboard offers.
    ///
    /// # Errors
    /// When wl-paste hangs.
    pub fn clipboard_types(&self) -> Result<Vec<String>> {
        if self.kind == Kind::X11 {
            let types =
                x11::paste(self.command("xclip"), "clipboard", "TARGETS")?.unwrap_or_default();
            return Ok(types.lines().map(str::to_owned).collect());
        }
        let done = finish(self.command("wl-paste").arg("--list-types"), b"", PATIENCE)?;
        Ok(done.text().lines().map(str::to_owned).collect())
    }
}
