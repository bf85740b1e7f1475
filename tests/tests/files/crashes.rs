//! What serves a writable single file is killed at any moment: the host's file is the old one or the new one.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oz_e2e::fixtures::write;
use oz_e2e::processes::{self, Process};
use oz_e2e::race::meanwhile;
use oz_e2e::{Session, wait};

use super::{add, sleeper};

const SIZE: usize = 96 << 10;
const KILLS: u64 = 25;

/// Saves as editors do, for ever: each time another letter, all of the file. Whatever fails is tried again.
const SAVER: &str = r#"
import os, sys
n = 0
while not os.path.exists("/tmp/end"):
    n += 1
    content = bytes([97 + n % 26]) * int(sys.argv[2])
    try:
        # Whoever stays in a directory stays in the one that has crashed.
        os.chdir(sys.argv[1])
        if n % 3 == 0:
            with open("t", "wb") as f: f.write(content)
            os.replace("t", "doc")
        elif n % 3 == 1:
            with open("t", "wb") as f: f.write(content); f.flush(); os.fsync(f.fileno())
            os.rename("doc", "doc~")
            os.rename("t", "doc")
        else:
            os.unlink("doc")
            with open("doc", "wb") as f: f.write(content)
    except OSError:
        pass
"#;

fn proxies() -> Vec<Process> {
    let mut all = processes::of_session();
    all.retain(Process::serves_files);
    all
}

/// Whether it is one letter, over and over: nobody sees a part of a file, or none.
fn is_whole(path: &Path) -> bool {
    let content = fs::read(path).expect("the file is there at each moment");
    content.len() == SIZE && content.iter().all(|byte| *byte == content[0])
}

#[test]
fn a_crash_at_any_moment_leaves_the_old_or_the_new_content() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("crashing").join("doc"), &[b'A'; SIZE]);
    let dir = file.parent().expect("a directory");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    let script = format!(
        "cat > /tmp/saver.py <<'END'\n{SAVER}\nEND\nexec python3 /tmp/saver.py {} {SIZE}",
        dir.display()
    );
    let saver = inside.script(&script).start();
    let seen = AtomicUsize::new(0);
    let look = || {
        assert!(is_whole(&file), "a part of a file");
        seen.fetch_add(1, Ordering::Relaxed);
    };
    let replaced = Cell::new(0);
    meanwhile(look, || {
        let mut before = fs::read(&file).expect("read")[0];
        for kill in 0..KILLS {
            wait::for_condition("a save", || {
                let now = fs::read(&file).expect("read")[0];
                let other = now != before;
                before = now;
                other
            });
            replaced.set(replaced.get() + 1);
            // Not always at the same point of a save.
            std::thread::sleep(Duration::from_micros(kill * 137 % 3000));
            let proxy = wait::until("a files proxy", || proxies().pop());
            proxy.kill();
            wait::for_condition("its end", || !proxy.lives());
        }
    });
    assert!(seen.load(Ordering::Relaxed) > 100);
    inside.sh("touch /tmp/end").ok();
    saver.end_within(wait::LONG).ok();
    // What it had begun beside the file is cleared away by the next one that serves it.
    let last = wait::until("a files proxy", || proxies().pop());
    last.kill();
    wait::for_condition("nothing beside it", || {
        let list = fs::read_dir(dir).expect("listed");
        list.count() == 1 && proxies().iter().any(|now| now.pid != last.pid)
    });
    inside.wait_for(&format!("cd {} && echo x > t && mv t doc", dir.display()));
    assert_eq!(fs::read(&file).expect("read"), b"x\n");
}
