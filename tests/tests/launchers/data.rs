//! What an app has kept before it was enabled, and what it keeps afterwards.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use anyhow::{Result, ensure};
use oz_e2e::cli::{json, oz};
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Run, Session, wait};

use crate::Enabled;

#[test]
fn an_app_begins_with_a_copy_of_what_it_has_or_with_nothing() -> Result<()> {
    let session = Session::begin();
    session.forget("gedit");
    let home = session.home();
    let (mine, secret) = (
        home.join(".config/gedit/marker"),
        home.join(".config/secret"),
    );
    write(&mine, b"mine\n");
    write(&secret, b"not gedit's\n");
    let file = write(&session.fresh_dir("data").join("doc.txt"), b"x\n");
    let file = file.to_string_lossy().into_owned();
    let looks = |inside: &Inside, marker: bool| -> Result<()> {
        let (mine, secret) = (mine.display(), secret.display());
        ensure!(
            inside.holds(&format!("test -e {mine}")) == marker,
            "{marker}"
        );
        ensure!(!inside.holds(&format!("test -e {secret}")));
        Ok(())
    };
    let start = || -> Result<Inside> {
        let ran = oz(["run", "--detach", "gedit", &file]).run().ok();
        session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
        Ok(Inside::of(&ran.text()))
    };

    // Nobody can be asked here, so it starts fresh and it is said how not to.
    let enabled = Enabled::new(&["gedit"]);
    oz(["enable", "gedit"]).run().ok().complains("--data copy");
    let inside = start()?;
    looks(&inside, false)?;
    oz(["data", "gedit", "delete", "--yes"])
        .run()
        .fails()
        .complains("oz stop gedit");
    oz(["stop", inside.id()]).run().ok();
    oz(["data", "gedit", "delete"])
        .run()
        .fails()
        .complains("--yes");
    // However it has closed what it has, and wherever its links lead.
    let kept = home.join(".local/state/oz/homes/gedit");
    let (deep, closed) = (kept.join("closed/deep"), kept.join("closed"));
    write(&deep.join("file"), b"x\n");
    symlink(home.join(".config"), kept.join("link"))?;
    // All else is copied, and what is not is said.
    let locked = write(&kept.join("locked"), b"x\n");
    for (place, mode) in [(&deep, 0o500), (&closed, 0), (&locked, 0)] {
        std::fs::set_permissions(place, Permissions::from_mode(mode))?;
    }
    write(&kept.join("open/file"), b"open\n");
    let partly = session.fresh_dir("partly").join("gedit");
    oz(["data", "gedit", "export"])
        .arg(&partly)
        .run()
        .exits(1)
        .complains("homes/gedit/closed\n")
        .complains("homes/gedit/locked\n")
        .complains("2 places are closed");
    ensure!(std::fs::read(partly.join("open/file"))? == b"open\n");
    ensure!(partly.join("link").is_symlink() && closed.symlink_metadata().is_ok());
    std::fs::set_permissions(&kept, Permissions::from_mode(0o000))?;
    wait::for_condition("its home to be free", || {
        oz(["data", "gedit", "delete", "--yes"]).run().code == 0
    });
    ensure!(kept.symlink_metadata().is_err());
    let homes = std::fs::read_dir(home.join(".local/state/oz/homes"))?;
    let mut names = homes.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    ensure!(names.all(|name: std::io::Result<_>| !name.is_ok_and(|name| name.contains("gedit"))));
    ensure!(std::fs::read(&secret)? == b"not gedit's\n");

    oz(["enable", "gedit", "--data", "copy"]).run().ok();
    let inside = start()?;
    looks(&inside, true)?;
    inside
        .sh(&format!("echo changed > {}", mine.display()))
        .ok();
    ensure!(std::fs::read(&mine)? == b"mine\n");
    oz(["stop", inside.id()]).run().ok();

    let list = json(["data", "gedit", "list"]);
    ensure!(
        list[0]["of"] == "sandbox" && list[1]["of"] == "home",
        "{list}"
    );
    let exported = session.fresh_dir("exported").join("gedit");
    oz(["data", "gedit", "export"]).arg(&exported).run().ok();
    ensure!(std::fs::read(exported.join(".config/gedit/marker"))? == b"changed\n");
    oz(["disable", "gedit"])
        .run()
        .ok()
        .complains("oz data gedit export");
    drop(enabled);
    session.forget("gedit");
    std::fs::remove_dir_all(home.join(".config/gedit"))?;
    Ok(())
}

#[test]
fn an_app_can_have_what_it_has_where_it_is_until_it_is_disabled() -> Result<()> {
    let session = Session::begin();
    session.forget("evince");
    let home = session.home();
    let place = home.join(".config/evince");
    let (mine, secret) = (place.join("marker"), home.join(".config/secret"));
    write(&mine, b"mine\n");
    write(&secret, b"not evince's\n");
    let before = crate::picture();
    let shown = mine.display().to_string();
    let holds = |arguments: &[&str], test: &str| {
        let run = oz(["run", "--profile", "evince"]).args(arguments);
        run.args(["--", "sh", "-c", test]).run().code == 0
    };
    ensure!(!holds(&[], &format!("test -e {shown}")));

    // Another program has it open.
    let other = Run::sh(&format!("exec 9< {shown}; echo ready; exec sleep 1000")).start();
    wait::for_condition("the other program", || {
        other.text_so_far().contains("ready")
    });
    let enable = || oz(["enable", "evince", "--data", "present"]).run().ok();
    enable().complains("runs without a sandbox");
    other.signal(rustix::process::Signal::KILL);
    other.end_within(wait::PATIENCE);

    ensure!(holds(
        &[],
        &format!("test -e {shown} && ! test -e {}", secret.display())
    ));
    ensure!(holds(&[], &format!("echo changed > {shown}")));
    ensure!(std::fs::read(&mine)? == b"changed\n");
    // Neither what leaves nothing behind nor another app has it.
    ensure!(!holds(&["--ephemeral"], &format!("test -e {shown}")));
    let gedit = oz(["run", "--profile", "gedit", "--", "test", "-e", &shown]).run();
    ensure!(gedit.code == 1, "{gedit}");
    let list = json(["data", "evince", "list"]);
    let rows = list.as_array().expect("a list");
    ensure!(rows.iter().any(|row| row["of"] == "both"), "{list}");

    // Asked once: again says nothing, and a copy takes it back.
    oz(["enable", "evince"]).run().ok();
    ensure!(holds(&[], &format!("grep -q changed {shown}")));
    oz(["disable", "evince"])
        .run()
        .ok()
        .complains("is where it was");
    ensure!(!holds(&[], &format!("grep -q changed {shown}")));
    ensure!(crate::picture() == before);

    // What programs of the host run is nobody's own.
    write(&home.join(".config/foot/foot.ini"), b"");
    oz(["enable", "foot", "--data", "present"])
        .run()
        .fails()
        .complains("--data copy");
    oz(["disable", "foot"]).run().ok();
    std::fs::remove_dir_all(home.join(".config/foot"))?;
    std::fs::remove_dir_all(place)?;
    std::fs::remove_file(secret)?;
    Ok(())
}
