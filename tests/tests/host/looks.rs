//! Themes, icons, cursors, settings that only show how things look.

use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;
use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz};

#[test]
fn themes_of_the_system_are_there() {
    let _session = Session::begin();
    let script =
        "ls /usr/share/icons /usr/share/themes /usr/share/icons/Adwaita/cursors | sha256sum";
    assert_eq!(
        sandboxed_sh(script).run().ok().text(),
        works_outside(script).text()
    );
}

#[test]
fn themes_and_icons_of_the_user_are_there_read_only() {
    let session = Session::begin();
    for place in [
        ".icons/Mine/index.theme",
        ".local/share/icons/Mine/index.theme",
        ".themes/Mine/index.theme",
    ] {
        let file = write(&session.home().join(place), b"[Icon Theme]\nName=Mine\n");
        let look = format!("cat {}", file.display());
        assert_eq!(
            sandboxed_sh(&look).run().ok().text(),
            works_outside(&look).text()
        );
        sandboxed_sh(&format!("echo x >> {}", file.display()))
            .run()
            .refused_inside();
    }
}

#[test]
fn the_cursor_that_the_user_chose_is_passed_on() {
    let _session = Session::begin();
    let ran = oz([
        "run",
        "--ephemeral",
        "--",
        "sh",
        "-c",
        "echo $XCURSOR_THEME $XCURSOR_SIZE $GTK_THEME",
    ])
    .env("XCURSOR_THEME", "Adwaita")
    .env("XCURSOR_SIZE", "48")
    .env("GTK_THEME", "Adwaita:dark")
    .run()
    .ok();
    assert_eq!(ran.text(), "Adwaita 48 Adwaita:dark");
}

#[test]
fn an_app_is_told_of_its_own_places() {
    let session = Session::begin();
    let ran = sandboxed_sh("echo $HOME; echo $USER; test -d $XDG_RUNTIME_DIR && test -S $XDG_RUNTIME_DIR/$WAYLAND_DISPLAY && echo socket; stat -c %a $XDG_RUNTIME_DIR /tmp; touch /tmp/x $HOME/x /dev/shm/x && echo writable").run().ok();
    let expected = format!(
        "{}\n{}\nsocket\n700\n1777\nwritable",
        session.home().display(),
        works_outside("echo $USER").text()
    );
    assert_eq!(ran.text(), expected);
}
