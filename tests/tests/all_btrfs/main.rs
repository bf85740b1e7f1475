//! Copies that are made by writing, on a home that is btrfs: all that is tried on the usual one, and that clones share blocks.

#[path = "../cow/main.rs"]
mod cow;

#[test]
fn the_home_is_btrfs_and_clones_share_their_blocks() {
    let session = oz_e2e::Session::begin();
    let home = session.home();
    let kind = oz_e2e::Run::new("stat", ["-f", "-c", "%T"]).arg(&home);
    assert_eq!(kind.run().ok().text(), "btrfs");
    let script =
        "mkdir -p ~/shared && head -c 64M /dev/urandom > ~/shared/large && sync ~/shared/large";
    oz_e2e::oz(["run", "--cow", "--", "sh", "-c", script])
        .run()
        .ok();
    let free = || rustix::fs::statvfs(&home).expect("looked").f_bavail;
    oz_e2e::Run::new("sync", ["-f"]).arg(&home).run().ok();
    let before = free();
    oz_e2e::oz(["clone", "sh", "twin"]).run().ok();
    oz_e2e::Run::new("sync", ["-f"]).arg(&home).run().ok();
    let taken = before.saturating_sub(free()) * 4096;
    assert!(taken < 16 << 20, "the clone takes {taken} bytes");
    for id in ["sh", "twin"] {
        oz_e2e::oz(["discard", id, "--yes"]).run().ok();
    }
}
