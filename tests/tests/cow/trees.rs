//! Systems from a tree: unpacked distributions instead of the host's programs.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use oz_e2e::fixtures::write;
use oz_e2e::fuse::Fuse;
use oz_e2e::session::home;
use oz_e2e::{Inside, Run, Session, oz, wait};

use super::fresh;

/// A small distribution: programs of the host with their libraries, and a name of its own.
const MAKE: &str = r#"set -e
cd "$1"; mkdir -p usr/bin usr/lib usr/lib64 etc/kansas.d var/lib/kansas opt/kansas orchard dev proc run tmp
ln -s usr/bin bin; ln -s usr/lib lib; ln -s usr/lib64 lib64; ln -s bash usr/bin/sh
for program in bash cat id ls sleep; do cp -L "$(command -v $program)" usr/bin; done
for library in $(ldd usr/bin/* | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p' | sort -u); do cp -L --parents "$library" .; done
echo ID=kansas > etc/os-release; echo of the tree > etc/kansas.d/file
printf '#!/bin/sh\necho no place like home\n' > usr/bin/heels; chmod +x usr/bin/heels
echo before > opt/kansas/changed"#;

fn tree(session: &Session) -> PathBuf {
    let tree = session.fresh_dir("tree");
    Run::sh(MAKE).arg("sh").arg(&tree).run().ok();
    tree
}

fn rooted(tree: &Path, more: &[&str], script: &str) -> Run {
    let run = oz(["run", "--root"]).arg(tree).args(more);
    run.args(["--", "sh", "-c", script])
}

#[test]
fn an_app_has_the_programs_of_a_tree_and_none_of_the_hosts() {
    let session = Session::begin();
    let tree = tree(&session);
    let script = "cat /etc/os-release /etc/kansas.d/file; heels; id -un; echo $SHELL";
    let said = rooted(&tree, &[], script).run().ok().text();
    let user = Run::sh("id -un").run().ok().text();
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "ID=kansas",
            "of the tree",
            "no place like home",
            &user,
            "/bin/bash"
        ]
    );
    Run::sh("command -v python3").run().ok();
    rooted(&tree, &[], "command -v python3")
        .run()
        .refused_inside();
    for place in ["/usr/bin/new", "/etc/new", "/var/lib/kansas/new", "/new"] {
        rooted(&tree, &[], &format!("echo x > {place}"))
            .run()
            .refused_inside();
    }
    // By its name, as it lies in the tree.
    let heels = oz(["run", "--root"]).arg(&tree).arg("heels").run().ok();
    assert_eq!(heels.text(), "no place like home");
    oz(["run", "heels"]).run().fails();
    let plan = oz(["plan", "--root"]).arg(&tree).arg("heels").run().ok();
    let line = format!("system    {}, read-only", tree.display());
    assert!(plan.text().contains(&line), "{plan}");
}

#[test]
fn what_is_written_over_a_tree_is_kept_beside_it_until_it_is_merged() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let tree = tree(&session);
    let changed = tree.join("opt/kansas/changed");
    // One of these was empty: an installer may want just that.
    let script = "echo after > /opt/kansas/changed && echo new > /usr/bin/new && \
        echo x > /var/lib/kansas/x && echo x > /orchard/x";
    rooted(&tree, &["--root-cow"], script).run().ok();
    assert_eq!(fs::read(&changed).expect("there"), b"before\n");
    assert!(!tree.join("usr/bin/new").exists());
    // Its name goes on with it, on the same system only.
    let again = rooted(&tree, &["--root-cow"], "cat /opt/kansas/changed");
    assert_eq!(again.run().ok().text(), "after");
    let other = rooted(&tree, &[], "cat /opt/kansas/changed").run().ok();
    assert_eq!(other.text(), "before");
    let goes_on = oz(["run", "--sandbox", "sh", "--", "cat", "/opt/kansas/changed"]);
    assert_eq!(goes_on.run().ok().text(), "after");
    rooted(&tree, &["--root-cow"], "echo x > /etc/kansas.d/file")
        .run()
        .refused_inside();
    let changes = oz(["changes", "sh"]).run().ok().text();
    for path in [
        "opt/kansas/changed",
        "usr/bin/new",
        "var/lib/kansas/x",
        "orchard/x",
    ] {
        let path = tree.join(path);
        assert!(changes.contains(&*path.to_string_lossy()), "{changes}");
    }
    assert_eq!(changes.lines().count(), 4, "{changes}");
    oz(["merge", "sh", "--yes"]).run().ok();
    assert_eq!(fs::read(&changed).expect("there"), b"after\n");
    assert_eq!(fs::read(tree.join("usr/bin/new")).expect("there"), b"new\n");
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert_eq!(fs::read(&changed).expect("there"), b"before\n");
}

#[test]
fn a_profile_has_its_app_from_a_tree_and_joins_none_with_another_system() {
    let session = Session::begin();
    let tree = tree(&session);
    let _profile = session.profile(
        "kansas",
        r#"{ "description": "t", "match": { "executables": ["sleep"] } }"#,
    );
    let of_host = Inside::start(&["kansas", "1000"]);
    let run = || oz(["run", "--detach", "--root"]).arg(&tree);
    run()
        .args(["kansas", "1000"])
        .run()
        .exits(125)
        .complains("runs already, with the system of the host");
    oz(["stop", of_host.id()]).run().ok();
    let first = Inside::of(&run().args(["kansas", "1000"]).run().ok().text());
    first
        .sh("grep -q . /etc/os-release || cat /etc/os-release")
        .ok();
    oz(["run", "--detach", "kansas", "1000"])
        .run()
        .exits(125)
        .complains("runs already, with the system");
    let joined = run().args(["kansas", "1001"]).run().ok();
    assert_eq!(joined.text(), first.id());
    // Every wall stands as it does on the host's own system.
    oz(["check", first.id()]).run().ok();
}

#[test]
fn no_link_of_a_tree_leads_out_of_it() {
    let session = Session::begin();
    let tree = tree(&session);
    let secret = write(&home().join("tree-secret"), b"secret");
    let up = "../".repeat(20);
    let below = secret.strip_prefix("/").expect("absolute");
    symlink(home(), tree.join("srv")).expect("a link");
    symlink(format!("{up}{}", below.display()), tree.join("up")).expect("a link");
    symlink(home(), tree.join("usr/homes")).expect("a link");
    symlink(&secret, tree.join("etc/abroad")).expect("a link");
    symlink(home(), tree.join("var/abroad")).expect("a link");
    symlink("/proc/self/root", tree.join("etc/magic")).expect("a link");
    let ways = [
        "srv/tree-secret",
        "up",
        "usr/homes/tree-secret",
        "etc/abroad",
        "var/abroad/tree-secret",
    ];
    for way in ways {
        assert_eq!(
            fs::read(tree.join(way)).expect("outside it does"),
            b"secret"
        );
        for more in [&[][..], &["--root-cow"]] {
            rooted(&tree, more, &format!("cat /{way}"))
                .run()
                .refused_inside();
        }
    }
    rooted(&tree, &[], "test -e /etc/magic/home/*/tree-secret")
        .run()
        .refused_inside();
    fs::remove_file(secret).expect("removed");
}

#[test]
fn a_directory_of_a_tree_that_is_a_link_out_is_mounted_from_nowhere() {
    let session = Session::begin();
    let tree = tree(&session);
    let outside = session.fresh_dir("tree-outside");
    write(&outside.join("bin/outside"), b"outside");
    for name in ["opt", "var"] {
        fs::rename(tree.join(name), tree.join("old")).expect("renamed");
        symlink(&outside, tree.join(name)).expect("a link");
        for more in [&[][..], &["--root-cow"]] {
            let script = format!("cat /{name}/bin/outside");
            rooted(&tree, more, &script).run().refused_inside();
        }
        fs::remove_file(tree.join(name)).expect("removed");
        fs::rename(tree.join("old"), tree.join(name)).expect("renamed");
    }
    // A program that is a link out is none.
    symlink("/usr/bin/python3", tree.join("usr/bin/py")).expect("a link");
    oz(["run", "--root"]).arg(&tree).arg("py").run().fails();
}

#[test]
fn who_the_user_is_and_whom_it_asks_is_never_the_trees_to_say() {
    let session = Session::begin();
    let tree = tree(&session);
    let secret = write(&home().join("tree-secret"), b"secret");
    let names = [
        "passwd",
        "group",
        "hosts",
        "resolv.conf",
        "nsswitch.conf",
        "machine-id",
    ];
    for name in names {
        symlink(&secret, tree.join("etc").join(name)).expect("a link");
    }
    write(&tree.join("run/oz/live/resolv.conf"), b"nameserver 6.6.6.6");
    write(&tree.join("dev/null"), b"evil");
    write(&tree.join("proc/version"), b"evil");
    let script = "cat /etc/passwd /etc/group /etc/hosts /etc/resolv.conf /etc/nsswitch.conf /etc/machine-id /proc/version; cat /dev/null";
    let said = rooted(&tree, &[], script).run().text();
    let user = Run::sh("id -un").run().ok().text();
    assert!(said.contains(&format!("{user}:x:")), "{said}");
    assert!(said.contains("hosts: files dns"), "{said}");
    for evil in ["secret", "evil", "6.6.6.6"] {
        assert!(!said.contains(evil), "{said}");
    }
    fs::remove_file(secret).expect("removed");
}

#[test]
fn fifos_and_sockets_in_place_of_directories_hold_nobody_up() {
    let session = Session::begin();
    let tree = tree(&session);
    fs::remove_dir_all(tree.join("etc")).expect("removed");
    for name in ["etc", "srv", "opt/kansas/fifo", "var/fifo", "sbin"] {
        Run::new("mkfifo", [tree.join(name)]).run().ok();
    }
    let _socket = std::os::unix::net::UnixListener::bind(tree.join("var/socket")).expect("bound");
    for more in [&[][..], &["--root-cow"]] {
        let said = rooted(&tree, more, "heels; ls / /var").run().ok().text();
        assert!(said.starts_with("no place like home"), "{said}");
        for name in ["srv", "sbin", "fifo", "socket"] {
            assert!(!said.lines().any(|line| line == name), "{said}");
        }
    }
}

#[test]
fn a_tree_whose_file_system_does_not_answer_holds_up_nobody_else() {
    let session = Session::begin();
    let tree = tree(&session);
    // All of it, and only where its programs are.
    for (place, root) in [
        (session.fresh_dir("tree-dead"), None),
        (tree.join("usr/bin"), Some(&tree)),
    ] {
        let fuse = Fuse::mount(place, "heels", "no place like home");
        fuse.stop();
        let root = root.map_or(fuse.dir(), PathBuf::as_path);
        let held_up = oz(["run", "--root"]).arg(root).arg("heels").start();
        oz(["ps"]).run().ok();
        oz(["run", "--ephemeral", "--", "true"]).run().ok();
        let refused = held_up.end_within(wait::PATIENCE).exits(125);
        refused.complains("within 5 seconds");
        // It never gets its answer, and the daemon goes on.
        oz(["plan", "--root"]).arg(root).arg("heels").run().fails();
        oz(["run", "--ephemeral", "--", "true"]).run().ok();
    }
}

#[test]
fn nothing_of_a_tree_is_a_device_or_runs_as_another() {
    let session = Session::begin();
    let tree = tree(&session);
    let bash = tree.join("usr/bin/bash");
    fs::set_permissions(&bash, fs::Permissions::from_mode(0o6755)).expect("set");
    for more in [&[][..], &["--root-cow"]] {
        let run = oz(["run", "--detach", "--root"]).arg(&tree).args(more);
        let id = run.args(["--", "sleep", "1000"]).run().ok().text();
        let inside = Inside::of(&id);
        // What is mounted of the tree honours neither; `oz check` looks at each mount.
        let report = oz(["check", &id]).run().ok().text();
        for wall in ["privileges", "devices", "system"] {
            let line = report.lines().find(|line| line.starts_with(wall));
            assert!(
                line.is_some_and(|line| line.contains("enforced")),
                "{report}"
            );
        }
        let mounts = inside.sh("cat /proc/self/mountinfo").ok().text();
        let of_tree = |line: &&str| line.split(' ').nth(4) == Some("/usr");
        let usr = mounts.lines().find(of_tree).expect("/usr is mounted");
        assert!(usr.contains("nosuid") && usr.contains("nodev"), "{usr}");
        oz(["stop", &id]).run().ok();
    }
}

#[test]
fn what_a_tree_notes_for_overlays_uncovers_nothing() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let tree = tree(&session);
    let set = "import os,sys\nfor name in ('opaque','redirect','metacopy'):\n  os.setxattr(sys.argv[1], 'user.overlay.'+name, b'/usr/bin')";
    let noted = tree.join("opt/kansas");
    Run::new("python3", ["-c", set]).arg(&noted).run().ok();
    let said = rooted(&tree, &["--root-cow"], "ls /opt/kansas");
    assert_eq!(said.run().ok().text(), "changed");
}

#[test]
fn neither_the_home_nor_what_is_protected_nor_a_file_is_a_system() {
    let session = Session::begin();
    let tree = tree(&session);
    let file = write(&tree.join("file"), b"");
    let empty = session.fresh_dir("tree-empty");
    let ssh = home().join(".ssh/tree");
    fs::create_dir_all(ssh.join("usr")).expect("made");
    let above = home().parent().expect("a parent").to_owned();
    let state = home().join(".local/state/oz");
    let ours = [
        Path::new("/"),
        &above,
        &home(),
        &ssh,
        &home().join(".ssh"),
        &state,
        &home().join(".local"),
        Path::new("/proc"),
        Path::new("/usr"),
        &file,
        &empty,
        &home().join("not/there"),
    ]
    .map(Path::to_owned);
    for place in ours {
        rooted(&place, &[], "true").run().exits(125);
        let plan = oz(["plan", "--root"]).arg(&place).arg("sh").run();
        assert_ne!(plan.code, 0, "{plan}");
    }
    rooted(&empty, &[], "true")
        .run()
        .complains("neither a usr nor a bin directory");
    fs::remove_dir_all(ssh).expect("removed");
    rooted(Path::new("/usr/local"), &[], "true")
        .run()
        .complains("is a part of this system");
}
