//! A program of Java's own toolkit, which knows X11 only and believes window managers little.

use anyhow::Result;
use oz_e2e::{Run, Session, menus};

const SOURCE: (&str, &str) = ("Menus.java", include_str!("Menus.java"));

#[test]
fn menus_in_menus_and_lists_of_swing_can_be_used() -> Result<()> {
    let session = Session::begin();
    menus::uses(&session, "Swing", |dir| {
        let source = dir.join(SOURCE.0);
        std::fs::write(&source, SOURCE.1).expect("written");
        Run::new("javac", ["-d"]).arg(dir).arg(source).run().ok();
        oz_e2e::oz(["run", "--ephemeral", "--write"])
            .arg(dir)
            .args(["--", "java", "-cp"])
            .arg(dir)
            .arg("Menus")
            .arg(dir)
    })
}
