//! What goes wrong is said in a sentence, with what to do, and nothing hangs.

mod compositor;
mod daemon;
mod init;
mod machine;
mod names;
mod profiles;

use oz_e2e::Ran;

/// A complaint that a person can read: short, no dump, no panic.
#[track_caller]
fn is_readable(ran: &Ran) {
    let complaint = ran.complaint();
    assert!(!complaint.is_empty(), "not a word: {ran}");
    assert!(complaint.lines().count() <= 14, "too long: {ran}");
    for ugly in [
        "panicked",
        "Error {",
        "Os {",
        "unwrap",
        "RUST_BACKTRACE",
        "org.freedesktop.DBus.Error",
    ] {
        assert!(!complaint.contains(ugly), "{ugly} in {ran}");
    }
}
