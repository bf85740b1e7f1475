//! Apps that know only X11 have a server of their own also where the host has one.

use anyhow::{Result, ensure};
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

#[test]
fn the_x_server_inside_knows_its_keyboard_and_goes_on_when_it_is_asked_for_all_of_it() -> Result<()>
{
    let session = Session::begin();
    let shell = Shell::begin(&session, "x11-keymap")?;
    let said = shell.says("xkbcomp -w 0 $DISPLAY keymap; cat keymap")?;
    for part in ["xkb_keycodes", "xkb_types", "xkb_symbols"] {
        ensure!(said.contains(part), "{said}");
    }
    // What toolkits ask it by reads all of it, too.
    let qt = "from PyQt5.QtWidgets import QApplication; QApplication([])";
    let said = shell.says(&format!("QT_QPA_PLATFORM=xcb python3 -c '{qt}' 2>&1"))?;
    ensure!(!said.contains("keymap"), "{said}");
    Ok(())
}
