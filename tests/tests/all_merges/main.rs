//! Merges that are killed at many moments, as in `cow`, for `cargo xtask test --all`.

use std::time::Instant;

use oz_e2e::layers::Merge;
use oz_e2e::{Session, oz};

/// How many are killed.
const KILLED: u32 = 200;

#[test]
fn a_merge_that_is_killed_at_any_of_many_moments_is_finished_by_the_next() {
    let session = Session::begin();
    let _whole = Merge::new(&session);
    let start = Instant::now();
    oz(["merge", "sh", "--yes"]).run().ok();
    let whole = start.elapsed();
    for round in 0..KILLED {
        // Also before anything can be seen of it. No two are at the same part of the way, and none follows from the one before.
        let moment = whole * (round * 79 % KILLED) / KILLED;
        eprintln!("round {round}: after {moment:?} of {whole:?}");
        let merge = Merge::new(&session);
        merge.is_finished_when_killed(|_| std::thread::sleep(moment));
    }
}
