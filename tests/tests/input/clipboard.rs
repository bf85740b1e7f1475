//! Copy and paste: both ways when the user does it, not at all when the app does.

use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::copying::{gedit_in_use, pastes, saves};
use oz_e2e::probe::{Probe, says};
use oz_e2e::{Session, oz, processes, wait};

#[test]
fn what_the_host_copied_is_pasted_by_a_key() -> Result<()> {
    let session = Session::begin();
    session.copy("from the host: ä€😀")?;
    let (file, _inside) = gedit_in_use(&session)?;
    pastes(&session, &file, "from the host: ä€😀");
    // And what it copies later.
    session.copy("second")?;
    pastes(&session, &file, "second");
    Ok(())
}

#[test]
fn what_the_app_copied_by_a_key_is_on_the_hosts_clipboard() -> Result<()> {
    let session = Session::begin();
    session.copy("before")?;
    let (_file, _inside) = gedit_in_use(&session)?;
    session.type_text("copied inside")?;
    session.chord(&["ctrl", "a"])?;
    session.chord(&["ctrl", "c"])?;
    wait::until("the text on the host", || {
        session
            .paste()
            .ok()
            .flatten()
            .filter(|text| text == "copied inside")
    });
    Ok(())
}

#[test]
fn a_large_text_passes_both_ways() -> Result<()> {
    let session = Session::begin();
    let text = "0123456789abcdef".repeat(20_000);
    session.copy(&text)?;
    let (file, _inside) = gedit_in_use(&session)?;
    pastes(&session, &file, &text);
    session.copy("gone")?;
    session.chord(&["ctrl", "a"])?;
    session.chord(&["ctrl", "c"])?;
    wait::until("the text on the host", || {
        session.paste().ok().flatten().filter(|now| *now == text)
    });
    Ok(())
}

#[test]
fn a_client_in_the_background_reads_nothing() -> Result<()> {
    let session = Session::begin();
    session.copy("a password on the host")?;
    ensure!(
        session.paste()?.as_deref() == Some("a password on the host"),
        "outside it can be read"
    );
    let probe = Probe::install(&session);
    says(&probe.inside(&["clipboard-read", "3"]), "refused");
    // wl-paste opens a window of its own to get the focus; without the user's key it waits in vain.
    let ran = oz_e2e::cli::sandboxed_sh("timeout 3 wl-paste").run();
    ensure!(!ran.text().contains("password"), "{ran}");
    Ok(())
}

#[test]
fn a_client_in_the_background_of_an_app_in_use_reads_nothing() -> Result<()> {
    let session = Session::begin();
    session.copy("a password on the host")?;
    let (_file, inside) = gedit_in_use(&session)?;
    // The last key was long ago.
    wait::pause(Duration::from_millis(2500));
    let ran = inside.sh("timeout 3 wl-paste");
    ensure!(!ran.text().contains("password"), "{ran}");
    Ok(())
}

#[test]
fn a_client_in_the_background_sets_nothing() -> Result<()> {
    let session = Session::begin();
    session.copy("the user's own")?;
    let probe = Probe::install(&session);
    says(&probe.inside(&["clipboard-set", "planted", "3"]), "refused");
    oz_e2e::cli::sandboxed_sh("timeout 3 wl-copy planted").run();
    // xclip may answer nothing while somebody else asks it as well.
    let now = wait::until("the clipboard", || session.paste().ok().flatten());
    ensure!(now == "the user's own", "{now:?}");
    Ok(())
}

#[test]
fn one_sandbox_does_not_read_what_another_copied_until_the_user_pastes() -> Result<()> {
    let session = Session::begin();
    session.copy("before")?;
    let (_file, _inside) = gedit_in_use(&session)?;
    session.type_text("secret of one")?;
    session.chord(&["ctrl", "a"])?;
    session.chord(&["ctrl", "c"])?;
    wait::until("the copy", || {
        session
            .paste()
            .ok()
            .flatten()
            .filter(|text| text == "secret of one")
    });
    let ran = oz_e2e::cli::sandboxed_sh("timeout 3 wl-paste").run();
    ensure!(!ran.text().contains("secret of one"), "{ran}");
    Ok(())
}

#[test]
fn a_direction_is_closed_and_opened_while_the_app_runs() -> Result<()> {
    let session = Session::begin();
    session.copy("of the host")?;
    let (file, inside) = gedit_in_use(&session)?;
    let switch = |word: &str| oz(["clipboard", inside.id(), word]).run().ok();
    switch("off");
    session.chord(&["ctrl", "v"])?;
    session.type_text("a")?;
    saves(&session, &file, "a\n")?;
    // A daemon that comes later leaves it as it is.
    processes::kill_daemon();
    oz(["ps"]).run().ok();
    session.chord(&["ctrl", "v"])?;
    session.type_text("b")?;
    saves(&session, &file, "ab\n")?;
    switch("in");
    pastes(&session, &file, "of the host");
    // Out is closed still: what is copied is pasted inside, and nowhere else.
    session.chord(&["ctrl", "a"])?;
    session.chord(&["ctrl", "c"])?;
    session.key("end", "press")?;
    session.chord(&["ctrl", "v"])?;
    saves(&session, &file, "of the hostof the host\n")?;
    ensure!(session.paste()?.as_deref() == Some("of the host"));
    session.chord(&["ctrl", "a"])?;
    switch("both");
    session.chord(&["ctrl", "c"])?;
    wait::until("the copy", || {
        session
            .paste()
            .ok()
            .flatten()
            .filter(|text| text == "of the hostof the host")
    });
    oz(["clipboard", inside.id(), "sideways"]).run().exits(2);
    Ok(())
}
