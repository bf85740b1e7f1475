//! Programs that wait for a file to change, and what the host does to it.

use std::fs;
use std::path::Path;

use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Session, wait};

use super::{add, sleeper};

/// Prints each event of a file and of its directory, as `file MASK` and `directory MASK NAME`.
const WATCHER: &str = r#"
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init()
names = {}
for what, path in (("file", sys.argv[1]), ("directory", os.path.dirname(sys.argv[1]))):
    mask = 0x2 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200
    wd = libc.inotify_add_watch(fd, os.fsencode(path), mask)
    if wd < 0: sys.exit(os.strerror(ctypes.get_errno()))
    names[wd] = what
print("ready", flush=True)
while True:
    data = os.read(fd, 65536)
    while data:
        wd, mask, _, length = struct.unpack("iIII", data[:16])
        name = data[16:16 + length].rstrip(b"\0").decode()
        data = data[16 + length:]
        print(names.get(wd), hex(mask), name, open(sys.argv[1]).read().strip(), flush=True)
"#;

fn watch(inside: &Inside, file: &Path) -> Started {
    let script = format!(
        "cat > /tmp/watcher.py <<'END'\n{WATCHER}\nEND\nexec python3 /tmp/watcher.py {}",
        file.display()
    );
    let watcher = inside.script(&script).start();
    wait::for_condition("the watcher", || watcher.text_so_far().contains("ready"));
    watcher
}

#[test]
fn a_program_inside_is_told_when_the_host_changes_or_replaces_the_file() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("watched").join("doc"), b"old\n");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    let watcher = watch(&inside, &file);
    let told = |content: &str| {
        wait::for_condition(&format!("word of {content:?}"), || {
            let text = watcher.text_so_far();
            let of = |what: &str| {
                let line = |line: &str| line.starts_with(what) && line.ends_with(content);
                text.lines().any(line)
            };
            // Modified, and closed by one who wrote; by the file and by its name in the directory.
            of("file 0x2 ") && of("file 0x8 ") && of("directory 0x8 doc ")
        });
    };
    fs::write(&file, "in place\n").unwrap();
    told("in place");
    let temporary = file.with_file_name("temporary");
    fs::write(&temporary, "replaced\n").unwrap();
    fs::rename(&temporary, &file).unwrap();
    told("replaced");
    fs::remove_file(&file).unwrap();
    fs::write(&file, "made again\n").unwrap();
    told("made again");
}

#[test]
fn what_a_program_inside_does_is_told_once() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("watched-own").join("doc"), b"old\n");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    let watcher = watch(&inside, &file);
    inside.sh(&format!("echo own > {}", file.display())).ok();
    // The host's word comes after its echo would have.
    fs::write(&file, "outside\n").unwrap();
    wait::for_condition("word of the host", || {
        watcher.text_so_far().contains("outside")
    });
    let text = watcher.text_so_far();
    let own: Vec<_> = text.lines().filter(|l| l.ends_with(" own")).collect();
    let closed = own.iter().filter(|line| line.starts_with("file 0x8"));
    assert!(closed.count() <= 1, "{text}");
}

#[test]
fn what_repeats_the_hosts_changes_can_end_and_the_files_go_on() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("watched-on").join("doc"), b"old\n");
    let inside = sleeper();
    add(&inside, &["--write"], &file).run().ok();
    let all = oz_e2e::processes::of_session();
    let repeats =
        |one: &&oz_e2e::processes::Process| one.runs("files-proxy") && !one.serves_files();
    let repeater = all.iter().find(repeats).expect("a process that repeats");
    repeater.kill();
    wait::for_condition("its end", || !repeater.lives());
    fs::write(&file, "outside\n").unwrap();
    let look = format!("cat {}", file.display());
    assert_eq!(inside.sh(&look).ok().text(), "outside");
    inside.sh(&format!("echo inside > {}", file.display())).ok();
    assert_eq!(fs::read(&file).unwrap(), b"inside\n");
}
