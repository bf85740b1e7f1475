//! Protected places below what an app is given, and the directories above them.

use std::fs;

use oz_e2e::Session;
use oz_e2e::claim::{with_read, with_write, works_outside};
use oz_e2e::fixtures::write;
use oz_e2e::oz;

/// Directories of the home above protected places.
const ANCESTORS: &[&str] = &[".config", ".local", ".local/share"];

#[test]
fn cannot_be_given_what_lies_above_a_protected_place_to_write() {
    let session = Session::begin();
    for above in ANCESTORS {
        let above = session.home().join(above);
        fs::create_dir_all(&above).unwrap();
        let ran = with_write(&above, "true").run();
        assert_eq!(ran.code, 125, "{ran}");
        assert!(ran.complaint().contains("because of"), "{ran}");
        assert!(ran.complaint().contains("files.rules"), "{ran}");
    }
}

#[test]
fn cannot_replace_a_protected_place_by_renaming_what_is_above_it() {
    let session = Session::begin();
    // Outside it is a matter of two commands.
    let rehearsal = session.fresh_dir("rehearsal");
    fs::create_dir_all(rehearsal.join(".config/autostart")).unwrap();
    works_outside(&format!(
        "cd {} && mv .config x && mkdir -p .config/autostart && echo bad > .config/autostart/bad.desktop",
        rehearsal.display()
    ));
    for above in ANCESTORS {
        let place = session.home().join(above);
        fs::create_dir_all(&place).unwrap();
        let renamed = place.with_file_name("renamed-by-the-app");
        let names = |dir: &std::path::Path| -> Vec<_> {
            let mut names: Vec<_> = fs::read_dir(dir)
                .unwrap()
                .map(|e| e.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        let before = (names(&session.home()), names(&place));
        let attack = format!(
            "mv {0} {1}; mkdir -p {0}/autostart {0}/applications; echo bad > {0}/autostart/bad.desktop; \
             echo bad > {0}/applications/bad.desktop; true",
            place.display(),
            renamed.display()
        );
        with_read(&place, &attack).run().ok();
        assert_eq!((names(&session.home()), names(&place)), before, "{above}");
        for planted in ["autostart/bad.desktop", "applications/bad.desktop"] {
            assert!(!place.join(planted).exists(), "{above}/{planted}");
        }
    }
}

#[test]
fn cannot_read_keys_below_a_directory_that_it_was_shown() {
    let session = Session::begin();
    let secrets = [".config/autostart/secret", ".local/share/keyrings/secret"];
    for secret in secrets {
        write(&session.home().join(secret), b"the user's own");
    }
    write(&session.home().join(".config/harmless/file"), b"harmless");
    for (shown, secret) in [
        (".config", secrets[0]),
        (".local/share", secrets[1]),
        (".local", secrets[1]),
    ] {
        let secret = session.home().join(secret);
        let look = format!("cat {}", secret.display());
        works_outside(&look);
        let shown = session.home().join(shown);
        with_read(&shown, &look).run().refused_inside();
        // What was named by itself is shown.
        let named = oz(["run", "--ephemeral", "--read"])
            .arg(&shown)
            .arg("--read")
            .arg(secret.parent().unwrap())
            .args(["--", "sh", "-c", &look]);
        assert_eq!(named.run().ok().text(), "the user's own");
    }
    let look = format!("cat {}/.config/harmless/file", session.home().display());
    let shown = session.home().join(".config");
    assert_eq!(with_read(&shown, &look).run().ok().text(), "harmless");
}

#[test]
fn cannot_reach_a_protected_place_by_what_it_is_a_link_to() {
    let session = Session::begin();
    let dotfiles = session.fresh_dir("linked-dotfiles");
    write(&dotfiles.join("wallet/secret"), b"the user's own");
    write(&dotfiles.join("open"), b"open");
    let link = session.home().join(".monero");
    std::os::unix::fs::symlink(dotfiles.join("wallet"), &link).unwrap();
    let look = format!("cat {0}/open; cat {0}/wallet/secret", dotfiles.display());
    works_outside(&look);
    assert_eq!(
        with_read(&dotfiles, &look).run().refused_inside().text(),
        "open"
    );
    let profile = |access: &str| {
        let text = format!(
            r#"{{ "description": "t", "match": {{ "executables": ["sh"] }},
                "files": {{ "rules": {{ "~/linked-dotfiles": "{access}" }} }} }}"#
        );
        session.profile("linked", &text)
    };
    {
        let _read = profile("read");
        let ran = oz(["run", "--ephemeral", "linked", "-c", &look]).run();
        assert_eq!(ran.refused_inside().text(), "open");
    }
    {
        let _write = profile("write");
        let ran = oz(["run", "--ephemeral", "linked", "-c", &look]).run();
        assert_eq!(ran.refused_inside().text(), "open");
        let change = |what: &str| {
            let script = format!("cd {}; {what}", dotfiles.display());
            oz(["run", "--ephemeral", "linked", "-c", &script]).run()
        };
        change("echo more >> open").ok();
        for attempt in [
            "echo bad > wallet/secret",
            "mv wallet x && mkdir wallet && echo bad > wallet/secret",
            "rm -r wallet && mkdir wallet",
        ] {
            change(attempt).refused_inside();
        }
        let kept = fs::read(dotfiles.join("wallet/secret")).unwrap();
        assert_eq!(kept, b"the user's own");
    }
    fs::remove_file(link).unwrap();
}
