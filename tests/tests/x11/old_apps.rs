//! Apps that know only X11 have a server of their own also where the host has one.

use anyhow::Result;
use oz_e2e::{Session, wait};

use super::shell::Shell;

#[test]
fn what_is_copied_passes_between_the_two_x_servers() -> Result<()> {
    let session = Session::begin();
    let shell = Shell::begin(&session, "x11-clipboards")?;
    // Each takes it away from the other, whatever comes first of what the servers say of it.
    for turn in 0..8 {
        let text = format!("of the host: ä{turn}");
        session.copy(&text)?;
        shell.pastes(&text);
        shell.types(&format!(
            "printf 'of X: \\303\\244{turn}' | xclip -selection clipboard"
        ))?;
        let text = format!("of X: ä{turn}");
        wait::for_condition(&text, || {
            session.paste().is_ok_and(|it| it.as_ref() == Some(&text))
        });
    }
    Ok(())
}
