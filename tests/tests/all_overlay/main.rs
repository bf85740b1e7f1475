//! Copies that are made by writing, on a home that is an overlay itself, as on systems that run from a medium: all that is
//! tried on the usual one. The copies are in memory then, since the kernel keeps none on an overlay.

#[path = "../cow/main.rs"]
mod cow;

#[test]
fn the_home_is_an_overlay_and_copies_are_kept_beside_it() {
    let session = oz_e2e::Session::begin();
    let home = session.home();
    let kind = oz_e2e::Run::new("stat", ["-f", "-c", "%T"]);
    assert_eq!(kind.arg(&home).run().ok().text(), "overlayfs");
    oz_e2e::oz(["run", "--cow", "--", "sh", "-c", "echo x > ~/written"])
        .run()
        .ok();
    assert!(!home.join("written").exists() && !home.join(".local/state/oz/copies/sh").exists());
    oz_e2e::oz(["merge", "sh", "--yes"]).run().ok();
    let merged = std::fs::read(home.join("written"));
    assert_eq!(merged.expect("merged"), b"x\n");
    oz_e2e::oz(["discard", "sh", "--yes"]).run().ok();
}
