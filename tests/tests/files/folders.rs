//! Folders that an app shares with its user.

use std::fs;

use oz_e2e::{Inside, Session, oz};

const FOLDER: &str = "Shared with Oz/talker";

fn profile(session: &Session) -> oz_e2e::session::Profile {
    session.profile(
        "talker",
        &format!(
            r#"{{ "description": "t", "match": {{ "executables": ["sleep"] }},
                "files": {{ "rules": {{ "~/{FOLDER}": {{ "access": "write", "make": true }} }} }} }}"#
        ),
    )
}

#[test]
fn a_folder_is_made_at_the_launch_and_both_sides_see_what_is_in_it() -> anyhow::Result<()> {
    let session = Session::begin();
    let _profile = profile(&session);
    let folder = session.home().join(FOLDER);
    let _ = fs::remove_dir_all(folder.parent().unwrap_or(&folder));
    // A plan that is only looked at makes nothing.
    oz(["plan", "talker"]).run().ok();
    assert!(!folder.exists());

    let inside = Inside::start(&["talker", "1000"]);
    let quoted = format!("\"$HOME/{FOLDER}\"");
    inside.sh(&format!("echo from inside > {quoted}/a")).ok();
    assert_eq!(fs::read_to_string(folder.join("a"))?, "from inside\n");
    fs::write(folder.join("b"), "from outside")?;
    assert_eq!(
        inside.sh(&format!("cat {quoted}/b")).ok().text(),
        "from outside"
    );
    // Saved by replacing, and nothing of the host's beside it.
    inside
        .sh(&format!("cd {quoted} && echo new > c && mv c a"))
        .ok();
    assert_eq!(fs::read_to_string(folder.join("a"))?, "new\n");
    inside
        .sh(&format!(
            "echo x > {quoted}/../beside; test -e {quoted}/../beside"
        ))
        .ok();
    assert!(!session.home().join("Shared with Oz/beside").exists());
    oz(["stop", inside.id()]).run().ok();

    // What is in it stays for the next launch.
    let again = Inside::start(&["talker", "1000"]);
    assert_eq!(again.sh(&format!("cat {quoted}/a")).ok().text(), "new");
    oz(["stop", again.id()]).run().ok();
    fs::remove_dir_all(folder.parent().unwrap_or(&folder))?;
    Ok(())
}

#[test]
fn a_folder_is_not_made_through_a_link() -> anyhow::Result<()> {
    let session = Session::begin();
    let _profile = profile(&session);
    let top = session.home().join("Shared with Oz");
    let _ = fs::remove_dir_all(&top);
    fs::create_dir(&top)?;
    let secret = session.fresh_dir("secret");
    std::os::unix::fs::symlink(&secret, top.join("talker"))?;
    oz(["run", "talker", "0"]).run().fails();
    assert_eq!(fs::read_dir(&secret)?.count(), 0);
    fs::remove_dir_all(&top)?;
    Ok(())
}
