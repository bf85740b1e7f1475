//! Copies that are made by writing, on a home that is xfs: all that is tried on the usual one.

#[path = "../cow/main.rs"]
mod cow;

#[test]
fn the_home_is_xfs() {
    let session = oz_e2e::Session::begin();
    let kind = oz_e2e::Run::new("stat", ["-f", "-c", "%T"]).arg(session.home());
    assert_eq!(kind.run().ok().text(), "xfs");
}
