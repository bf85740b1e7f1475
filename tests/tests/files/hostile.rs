//! Programs inside that make trouble with a file that they may change.

use std::fs;
use std::time::Duration;

use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Session, oz, wait};

use super::{add, remove, sleeper};

const BOUNDED: Duration = Duration::from_secs(8);

fn granted(session: &Session, name: &str) -> (Inside, std::path::PathBuf) {
    let file = write(&session.fresh_dir(name).join("doc"), b"old\n");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    (inside, file)
}

#[test]
fn one_that_is_stopped_with_the_file_open_and_locked_holds_up_nobody() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "stopped");
    let other = write(&file.with_file_name("other"), b"other\n");
    let script = "import fcntl, mmap, os, signal, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); \
                  m = mmap.mmap(f.fileno(), 0); m[0:3] = b'own'; open('/tmp/stops', 'w'); os.kill(os.getpid(), signal.SIGSTOP)";
    let stopped = inside
        .script(&format!("exec python3 -c \"{script}\" {}", file.display()))
        .start();
    inside.wait_for("test -e /tmp/stops");
    // Neither the daemon nor another program inside, nor one outside that asks for no lock.
    add(&inside, &["--write"], &other).run().quick(BOUNDED).ok();
    inside
        .sh(&format!("cat {} {}", file.display(), other.display()))
        .ok();
    fs::write(&file, "outside\n").unwrap();
    inside.sh(&format!("grep outside {}", file.display())).ok();
    remove(&inside, &file).quick(BOUNDED).ok();
    inside
        .sh(&format!("cat {}", file.display()))
        .refused_inside();
    inside.sh(&format!("cat {}", other.display())).ok();
    oz(["stop", inside.id()])
        .run()
        .quick(Duration::from_secs(20))
        .ok();
    drop(stopped);
    assert_eq!(fs::read(&file).unwrap(), b"outside\n");
}

#[test]
fn one_that_opens_and_makes_without_end_gets_errors_and_the_file_can_be_taken_back() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "greedy");
    let dir = file.parent().unwrap();
    let script = format!(
        r#"
import errno, os, threading
os.chdir("{}")
said = set()
def attempt(act):
    try: act()
    except OSError as error: said.add(errno.errorcode[error.errno])
held = []
def opens():
    for n in range(3000): attempt(lambda: held.append(os.open("doc", os.O_RDWR)))
def makes():
    for n in range(3000): attempt(lambda: os.close(os.open("made%d" % n, os.O_CREAT | os.O_WRONLY)))
def deep():
    os.makedirs("x"); here = os.open("x", os.O_RDONLY)
    for n in range(600):
        attempt(lambda: os.mkdir("d", dir_fd=here))
        try: below = os.open("d", os.O_RDONLY, dir_fd=here)
        except OSError as error: said.add(errno.errorcode[error.errno]); break
        os.close(here); here = below
def fills():
    def fill():
        with open("big", "wb", buffering=0) as f:
            while True: f.write(b"x" * (4 << 20))
    attempt(fill)
threads = [threading.Thread(target=act) for act in (opens, makes, deep, fills)]
for t in threads: t.start()
for t in threads: t.join()
print(" ".join(sorted(said)), flush=True)
open("/tmp/done", "w")
import time; time.sleep(1000)
"#,
        dir.display()
    );
    let greedy = inside
        .script(&format!(
            "cat > /tmp/g.py <<'END'\n{script}\nEND\nexec python3 /tmp/g.py"
        ))
        .start();
    wait::within(wait::LONG, "the greedy one to be done", || {
        inside.holds("test -e /tmp/done").then_some(())
    });
    let said = greedy.text_so_far();
    // Its descriptors or those of the server, and the memory of what it made, end.
    assert!(said.contains("NFILE") || said.contains("MFILE"), "{said}");
    assert!(said.contains("ENOSPC"), "{said}");
    assert_eq!(fs::read_dir(dir).unwrap().count(), 1, "all of it is inside");
    fs::write(&file, "outside\n").unwrap();
    remove(&inside, &file).quick(BOUNDED).ok();
    // Another sandbox has never noticed.
    let other = sleeper();
    add(&other, &["--write"], &file).run().quick(BOUNDED).ok();
    other
        .sh(&format!(
            "cd {} && sed -i s/outside/there/ doc",
            dir.display()
        ))
        .ok();
    assert_eq!(fs::read(&file).unwrap(), b"there\n");
}

#[test]
fn one_that_waits_for_a_lock_is_let_go_when_the_file_is_taken_back() {
    let session = Session::begin();
    let (inside, file) = granted(&session, "locked");
    let held = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&file)
        .unwrap();
    let lock = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); open('/tmp/waits', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)";
    let holder = oz_e2e::Run::new("python3", ["-c", "import fcntl, sys, time; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print('has it', flush=True); time.sleep(1000)"])
        .arg(&file)
        .start();
    wait::for_condition("a lock outside", || holder.text_so_far().contains("has it"));
    let waiting = inside
        .script(&format!(
            "python3 -c \"{lock}\" {}; echo left:$?",
            file.display()
        ))
        .start();
    inside.wait_for("test -e /tmp/waits");
    remove(&inside, &file).quick(BOUNDED).ok();
    let ran = waiting.end_within(wait::LONG);
    assert!(ran.text().contains("left:1"), "{ran}");
    drop((held, holder));
}
