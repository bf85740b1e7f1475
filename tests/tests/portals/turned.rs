//! What is picked may lie where an app can write, and the person sees but a name of it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::race::meanwhile;
use oz_e2e::{Session, oz, wait};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::dialog;
use crate::picks::Asking;

/// A dialog of an app that may change a directory and has done something there.
fn ask(session: &Session, method: &str, shelf: &Path, script: &str) -> Asking {
    let asking = Asking::begin(session, None, method, "{}");
    let inside = &asking.inside;
    oz(["add", inside.id(), "--write"]).arg(shelf).run().ok();
    let shelf = shelf.display();
    inside.sh(&format!("cd {shelf} && {script}")).ok();
    asking
}

#[test]
fn a_link_that_an_app_has_left_where_somebody_picks_gives_nothing_of_what_it_leads_to() -> Result<()>
{
    let session = Session::begin();
    let shelf = session.fresh_dir("shelf");
    let key = write(&session.fresh_dir("secret").join("key"), b"the user's");
    let plant = "ln -s ../secret/key report.txt && ln -s ../secret photos";
    for (method, name) in [
        ("OpenFile", "report.txt"),
        ("OpenFile", "photos/key"),
        ("SaveFile", "report.txt"),
    ] {
        session.fresh_dir("shelf");
        let asking = ask(&session, method, &shelf, plant);
        let window = dialog::wait_for(&session, asking.inside.id())?;
        dialog::type_path(&session, &shelf.join(name))?;
        session.key("enter", "press")?;
        if method == "SaveFile" {
            // The dialog asks whether it shall be replaced.
            session.settled(&window)?;
            session.shoot("portal-save-over-a-link")?;
            session.key("enter", "press")?;
        }
        dialog::gone(&session, &window)?;
        asking.wait_for("done");
        let said = asking.text();
        assert!(said.contains("response 2"), "{method} {name}: {said}");
        let inside = &asking.inside;
        for script in [
            format!("cat {}", key.display()),
            format!("cat {}/{name}", shelf.display()),
            format!("echo x > {}/{name}", shelf.display()),
        ] {
            inside.sh(&script).refused_inside();
        }
        assert_eq!(fs::read(&key)?, b"the user's");
        oz(["stop", inside.id()]).run().ok();
    }
    Ok(())
}

#[test]
fn no_directory_on_the_way_can_be_turned_while_a_file_is_picked() -> Result<()> {
    let session = Session::begin();
    let way = session.fresh_dir("way");
    let file = write(&way.join("inner/doc"), b"given");
    let secret = write(&session.fresh_dir("secret").join("doc"), b"the secret");
    let (inner, link) = (way.join("inner"), way.join("link"));
    for method in ["OpenFile", "SaveFile"] {
        let asking = ask(&session, method, &way, "ln -sfn ../secret link");
        let window = dialog::wait_for(&session, asking.inside.id())?;
        let mut picked = Ok(());
        // The dialog looks at the directory anew each time, and would do nothing else if that never stopped.
        let swap = || {
            let swapped = renameat_with(CWD, &inner, CWD, &link, RenameFlags::EXCHANGE);
            swapped.expect("the names can be exchanged");
            wait::pause(Duration::from_millis(5));
        };
        meanwhile(swap, || {
            picked = (|| {
                dialog::type_path(&session, &file)?;
                session.key("enter", "press")?;
                if method == "SaveFile" {
                    session.settled(&window)?;
                    session.key("enter", "press")?;
                }
                dialog::gone(&session, &window)
            })();
        });
        picked?;
        asking.wait_for("done");
        if fs::symlink_metadata(&inner)?.is_symlink() {
            renameat_with(CWD, &inner, CWD, &link, RenameFlags::EXCHANGE)?;
        }
        for path in [&file, &secret] {
            let seen = asking.inside.sh(&format!("cat {}", path.display())).text();
            assert!(["", "given"].contains(&seen.as_str()), "{seen:?}");
        }
        assert_eq!(fs::read(&secret)?, b"the secret");
        oz(["stop", asking.inside.id()]).run().ok();
    }
    Ok(())
}
