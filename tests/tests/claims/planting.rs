//! What an app leaves in its lasting home must not steer the next launch.

use std::fs;
use std::path::PathBuf;

use oz_e2e::fixtures::write;
use oz_e2e::{Ran, Run, Session, oz, session::home};

/// A home that lasts, with mounts in it at two depths.
const PROFILE: &str = r#"{
  "description": "plants things for its next launch",
  "match": { "executables": ["sh"] },
  "files": {
    "home": "private",
    "rules": { "~/Shared": "write", "~/deep/er/Shared": "write", "~/deep/note": "read", "~/Shared/ro": "read" }
  }
}"#;

/// The same home without them.
const WITHOUT_MOUNTS: &str = r#"{
  "description": "plants things for its next launch",
  "match": { "executables": ["sh"] },
  "files": { "home": "private" }
}"#;

struct Planter {
    session: Session,
    name: &'static str,
    _profile: oz_e2e::session::Profile,
}

impl Planter {
    /// Each test has a profile of its own, so a home of its own.
    fn new(name: &'static str) -> Self {
        let session = Session::begin();
        for dir in ["Shared", "deep/er/Shared", "Shared/ro"] {
            session.fresh_dir(dir);
        }
        write(&home().join("deep/note"), b"a note");
        write(&home().join("victim/secret"), b"the user's own");
        let profile = session.profile(name, PROFILE);
        Self {
            session,
            name,
            _profile: profile,
        }
    }

    fn launch(&self, script: &str) -> Run {
        oz(["run", self.name, "-c", script])
    }

    /// A launch in the same home without the mounts.
    fn launch_without_mounts(&self, script: &str) -> Ran {
        let file = home().join(format!(".config/oz/profiles/{}.json", self.name));
        write(&file, WITHOUT_MOUNTS.as_bytes());
        let ran = self.launch(script).run();
        write(&file, PROFILE.as_bytes());
        ran
    }

    fn try_then(&self, plant: &str, then: &str) -> Ran {
        // Whether planting worked does not matter; what it brings does.
        self.launch(plant).run();
        oz_e2e::cli::stop_all();
        self.launch(then).run()
    }
}

#[test]
fn a_mount_point_replaced_by_a_symlink_does_not_show_its_target() {
    let planter = Planter::new("planter-replaced");
    let victim = home().join("victim");
    for (place, reach) in [
        ("Shared", "Shared/secret"),
        ("deep", "deep/secret"),
        ("deep/er", "deep/er/secret"),
    ] {
        let plant = format!(
            "cd; mv {place} {place}.old; rm -rf {place}; ln -s {} {place}; true",
            victim.display()
        );
        let ran = planter.try_then(
            &plant,
            &format!("cat ~/{reach} {}/secret", victim.display()),
        );
        assert!(!ran.text().contains("the user's own"), "{place}: {ran}");
        planter
            .launch("cd; rm -f deep Shared deep/er 2>/dev/null; true")
            .run();
        oz_e2e::cli::stop_all();
    }
    assert_eq!(fs::read(victim.join("secret")).unwrap(), b"the user's own");
    drop(planter.session);
}

#[test]
fn directories_for_mounts_are_not_made_through_a_planted_symlink() {
    let planter = Planter::new("planter-parents");
    let victim = home().join("victim");
    let plant = format!(
        "cd; mv deep deep.old; ln -s {} deep; true",
        victim.display()
    );
    planter.try_then(&plant, "true");
    let names: Vec<PathBuf> = fs::read_dir(&victim)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(names, [victim.join("secret")]);
}

#[test]
fn a_planted_symlink_for_fonts_or_settings_does_not_move_them() {
    let planter = Planter::new("planter-settings");
    write(&home().join(".local/share/fonts/a.ttf"), b"a font");
    let plant = "cd; rm -rf .local .config .cache; ln -s /usr/share .local; ln -s /etc .config; ln -s /tmp .cache";
    let ran = planter.try_then(plant, "cat ~/.local/share/fonts/a.ttf");
    assert_eq!(ran.ok().text(), "a font");
}

#[test]
fn whatever_lies_where_a_mount_goes_the_next_launch_works_and_follows_nothing() {
    let planter = Planter::new("planter-in-the-way");
    write(&home().join("Shared/of-the-user"), b"shared");
    let victim = home().join("victim");
    let victim = victim.display();
    for plant in [
        format!("mv Shared S; ln -s {victim} Shared"),
        "mv Shared S2; echo a file > Shared".to_owned(),
        "mv Shared S3; mkfifo Shared".to_owned(),
        format!("mv deep d; ln -s {victim} deep"),
        "mv deep d2; echo a file > deep".to_owned(),
        format!("mv deep d3; mkdir deep; ln -s {victim} deep/er"),
        "mv Shared S4; ln -s Shared Shared".to_owned(),
        "mv deep d4; mkfifo deep".to_owned(),
        "mv Shared S5; python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('Shared')\"".to_owned(),
        // Where a file is mounted.
        format!("mv deep/note n; ln -s {victim}/secret deep/note"),
        "mv deep/note n2; mkdir deep/note".to_owned(),
        "mv deep/note n3; mkfifo deep/note".to_owned(),
        "mv deep/note n4; ln -s note deep/note".to_owned(),
        "mv deep/note n5; python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('deep/note')\"".to_owned(),
    ] {
        // A mount point cannot be renamed, so all is planted where no mount is: by a launch without shares.
        let ran = planter
            .launch_without_mounts(&format!("cd; {plant}; true"))
            .ok();
        oz_e2e::cli::stop_all();
        let look =
            "cat ~/Shared/of-the-user ~/deep/note && test -d ~/deep/er/Shared && ! ls ~/*/secret ~/*/*/secret";
        let next = planter.launch(look).run();
        assert_eq!(next.code, 0, "{plant}: {ran}\n{next}");
        assert_eq!(next.text(), "shareda note", "{plant}");
        oz_e2e::cli::stop_all();
    }
    let names: Vec<PathBuf> = fs::read_dir(home().join("victim"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(names, [home().join("victim/secret")]);
}

#[test]
fn the_next_launch_still_works_after_an_honest_one() {
    let planter = Planter::new("planter-honest");
    let ran = planter.try_then(
        "echo kept > ~/note; echo out > ~/Shared/note",
        "cat ~/note ~/Shared/note",
    );
    assert_eq!(ran.ok().text(), "kept\nout");
    assert_eq!(
        fs::read_to_string(home().join("Shared/note")).unwrap(),
        "out\n"
    );
    assert!(
        !home().join("note").exists(),
        "the app's home is not the user's"
    );
}
