//! Apps that know only X11 have a server of their own also where the host has one.

use anyhow::{Result, ensure};
use oz_e2e::{Run, Session, oz, wait};

use super::programs;
use super::shell::Shell;

/// Has copied something, and answers late.
const OWNER: (&str, &str) = ("owner.py", include_str!("owner.py"));

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

#[test]
fn a_sandbox_that_ends_leaves_programs_of_the_host_what_they_have_copied() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("slow-owner");
    let (program, now) = (programs::write(&dir, OWNER), dir.join("now"));
    let owner = Run::new("python3", [&program, &now]).start();
    let says = |word: &str| {
        wait::for_condition(word, || owner.text_so_far().contains(word));
    };
    says("ready");
    let shell = Shell::begin(&session, "asks-and-ends")?;
    shell.types("true")?;
    says("asked");
    oz(["stop", "--all"]).run().ok();
    // Whoever is asked must not find that who has asked is gone: it may end by that, as xclip does.
    std::fs::write(&now, "")?;
    wait::for_condition("its answer", || {
        let said = owner.text_so_far();
        said.contains("fine") || said.contains("gone")
    });
    let said = owner.text_so_far();
    ensure!(!said.contains("gone"), "{said}");
    Ok(())
}
