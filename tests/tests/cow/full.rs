//! Disks that are full.

use std::time::Duration;

use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session};

use super::{copies, cow, fresh};

#[test]
fn a_merge_onto_a_full_disk_breaks_nothing_and_is_finished_once_there_is_room() {
    let session = Session::begin();
    let dir = fresh(&session);
    for name in ["f0", "f1", "f2", "f3", "gone"] {
        write(&dir.join(name), "before".repeat(4000).as_bytes());
    }
    let make = "import os\nos.chdir(os.path.expanduser('~/cow'))\nos.mkdir('new')\nfor n in range(4):\n  for d in ('', 'new/'): open(f'{d}f{n}','w').write('after!'*4000)\nos.remove('gone')";
    let script = "python3 -c \"$0\"";
    oz_e2e::oz(["run", "--cow", "--", "sh", "-c", script, make])
        .run()
        .ok();
    let script = write(
        &session.fresh_dir("cow-full").join("full.py"),
        include_bytes!("full.py"),
    );
    let ran = Run::new("unshare", ["-Urm", "python3"])
        .arg(script)
        .arg(copies())
        .within(Duration::from_secs(240))
        .run()
        .ok();
    let counts: (u32, u32) = serde_json::from_slice(&ran.out).expect("two numbers");
    // Some had room from the start, and some had none.
    assert!(counts.0 >= 5 && counts.1 >= 2, "{counts:?}");
    cow("true").run().ok();
}
