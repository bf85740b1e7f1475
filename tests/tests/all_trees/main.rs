//! A real distribution as the system of a sandbox: Debian, unpacked from its packages by an ordinary user.

use std::path::Path;

use oz_e2e::{Run, Session, oz, wait};

/// Unpacks packages with all that they need, and does what their scripts would do.
const UNPACK: &str = r#"set -e
cd "$1"; shift; mkdir debs tree; cd debs
needs="apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances"
apt-get -q download $($needs "$@" | grep '^[a-z0-9]' | sort -u | while read name; do
    apt-cache show --no-all-versions "$name" > /dev/null 2>&1 && echo "$name"; done) > /dev/null
for deb in *.deb; do dpkg-deb -x "$deb" ../tree; done
cd ../tree
for name in bin sbin lib lib64; do
    if [ -d "$name" -a ! -L "$name" ]; then mkdir -p "usr/$name"; cp -a "$name/." "usr/$name"; rm -r "$name"; fi
    [ -L "$name" ] || ln -s "usr/$name" "$name"
done
[ -e usr/bin/sh ] || ln -s dash usr/bin/sh"#;

fn rooted(tree: &Path) -> Run {
    oz(["run", "--root"]).arg(tree).within(wait::LONG)
}

#[test]
fn debian_from_its_packages_runs_programs_and_shows_a_window() {
    let session = Session::begin();
    let dir = session.fresh_dir("debian");
    let packages = [
        "base-files",
        // The session's locale, without which foot does not start; every installation has it.
        "libc-bin",
        "dash",
        "coreutils",
        "grep",
        "python3-minimal",
        "foot",
        "fonts-dejavu-core",
    ];
    Run::sh(UNPACK)
        .arg("sh")
        .arg(&dir)
        .args(packages)
        .within(std::time::Duration::from_secs(600))
        .run()
        .ok();
    let tree = dir.join("tree");
    let script = "import os, sys; print(sys.version_info[0], os.getuid(), open('/etc/debian_version').read())";
    let said = rooted(&tree)
        .args(["--", "python3", "-c", script])
        .run()
        .ok()
        .text();
    let uid = Run::sh("id -u").run().ok().text();
    assert!(said.starts_with(&format!("3 {uid} ")), "{said}");
    // What this machine has and the tree has not.
    Run::sh("command -v sway").run().ok();
    rooted(&tree)
        .args(["--", "sh", "-c", "command -v sway"])
        .run()
        .refused_inside();

    let running = rooted(&tree).arg("foot").start();
    let window = session.wait_for_window(wait::LONG, |window| window.title.contains("foot"));
    let window = window.expect("a window of the tree's");
    session.click_window(&window).expect("clicked");
    session.type_text("exit\n").expect("typed");
    running.end_within(wait::LONG);

    let made = "mkdir -p /usr/local/lib/oz && echo kept > /usr/local/lib/oz/file";
    rooted(&tree)
        .args(["--root-cow", "--", "sh", "-c", made])
        .run()
        .ok();
    let place = tree.join("usr/local/lib/oz/file");
    assert!(!place.exists());
    oz(["merge", "sh", "--yes"]).run().ok();
    assert_eq!(std::fs::read(place).expect("merged"), b"kept\n");
}
