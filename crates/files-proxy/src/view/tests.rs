//! What editors do, on a view without a kernel.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use nix::libc::{O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY};
use oz_core::wire::files::Name;
use oz_core::wire::mount::Identity;
use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::{Changes, Lock, Locks, ROOT, Span, View};

const NOTHING: RenameFlags = RenameFlags::empty();

struct Scene {
    view: View,
    host: PathBuf,
    below: PathBuf,
    _directory: tempfile::TempDir,
}

fn name(text: &str) -> &OsStr {
    OsStr::new(text)
}

/// A host's directory with a.txt, which is granted, and b.txt, which is not.
fn scene() -> Scene {
    let directory = tempfile::tempdir().expect("a directory");
    let (host, below) = (
        directory.path().join("host"),
        directory.path().join("below"),
    );
    for path in [&host, &below] {
        std::fs::create_dir(path).expect("made");
    }
    for file in ["a.txt", "b.txt"] {
        std::fs::write(host.join(file), "old").expect("written");
    }
    let open = |path| std::fs::File::open(path).expect("opens").into();
    let mut view = View::new(open(&host), open(&below));
    let granted = grant(&host, "a.txt", false);
    assert!(view.grant(&[granted]).replaced.is_empty());
    Scene {
        view,
        host,
        below,
        _directory: directory,
    }
}

fn grant(host: &std::path::Path, file: &str, companion: bool) -> Name {
    let identity = std::fs::metadata(host.join(file)).ok();
    Name {
        name: file.into(),
        identity: identity.map(|metadata| Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            directory: false,
        }),
        companion,
    }
}

impl Scene {
    fn outside(&self, file: &str) -> String {
        std::fs::read_to_string(self.host.join(file)).expect("there")
    }

    /// Everything in the host's directory.
    fn all_outside(&self) -> Vec<String> {
        let list = std::fs::read_dir(&self.host).expect("listed");
        let mut names: Vec<_> = list
            .map(|entry| {
                entry
                    .expect("read")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    }

    fn inside(&mut self, file: &str) -> Result<String, Errno> {
        let ino = self.view.lookup(ROOT, name(file))?.ino;
        let handle = self.view.open(ino, O_RDONLY)?;
        let bytes = self.view.read(handle, 0, 4096)?;
        self.view.close(handle);
        Ok(String::from_utf8(bytes).expect("text"))
    }

    fn make(&mut self, file: &str, content: &str) -> u64 {
        let flags = O_CREAT | O_EXCL | O_RDWR;
        let (made, handle) = self
            .view
            .create(ROOT, name(file), 0o644, flags)
            .expect("made");
        assert_eq!(
            self.view.write(handle, 0, content.as_bytes()),
            Ok(content.len())
        );
        self.view.flush(handle).expect("flushed");
        self.view.close(handle);
        made.ino
    }

    fn listed(&mut self) -> Vec<String> {
        let handle = self.view.open_directory(ROOT).expect("opens");
        let listing = self.view.listing(handle).expect("listed");
        let mut names: Vec<_> = listing
            .iter()
            .map(|entry| entry.name.to_str().expect("text").to_owned())
            .collect();
        names.sort();
        self.view.close(handle);
        names
    }
}

#[test]
fn only_what_was_granted_of_the_directory_is_there() {
    let mut scene = scene();
    assert_eq!(scene.inside("a.txt"), Ok("old".into()));
    assert_eq!(scene.inside("b.txt"), Err(Errno::NOENT));
    assert_eq!(scene.listed(), ["a.txt"]);
}

#[test]
fn writing_in_place_reaches_the_host_at_once() {
    let mut scene = scene();
    let ino = scene.view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let handle = scene.view.open(ino, O_WRONLY).expect("opens");
    scene.view.write(handle, 3, b"er").expect("written");
    assert_eq!(scene.outside("a.txt"), "older");
    let empty = Changes {
        size: Some(0),
        ..Changes::default()
    };
    scene.view.change(ino, None, &empty).expect("cut");
    assert_eq!(scene.outside("a.txt"), "");
}

#[test]
fn a_save_by_rename_replaces_the_hosts_file_and_leaves_nothing_else() {
    let mut scene = scene();
    let path = scene.host.join("a.txt");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("set");
    scene.make(".goutputstream-X", "new");
    assert_eq!(scene.all_outside(), ["a.txt", "b.txt"]);
    let (from, to) = ((ROOT, name(".goutputstream-X")), (ROOT, name("a.txt")));
    scene.view.rename(from, to, NOTHING).expect("renamed");
    assert_eq!(scene.outside("a.txt"), "new");
    assert_eq!(scene.all_outside(), ["a.txt", "b.txt"]);
    assert_eq!(scene.listed(), ["a.txt"]);
    assert_eq!(std::fs::read_dir(&scene.below).expect("listed").count(), 0);
    assert_eq!(
        std::fs::metadata(&path).expect("there").mode() & 0o777,
        0o600
    );
}

#[test]
fn what_is_open_follows_a_file_that_becomes_the_hosts() {
    let mut scene = scene();
    let ino = scene.make("temporary", "new");
    let handle = scene.view.open(ino, O_RDWR).expect("opens");
    let (from, to) = ((ROOT, name("temporary")), (ROOT, name("a.txt")));
    scene.view.rename(from, to, NOTHING).expect("renamed");
    scene.view.write(handle, 3, b"er").expect("written");
    assert_eq!(scene.outside("a.txt"), "newer");
    assert_eq!(
        scene.view.lookup(ROOT, name("a.txt")).expect("there").ino,
        ino
    );
}

#[test]
fn a_backup_is_a_copy_and_a_new_file_takes_the_free_name_when_it_is_complete() {
    let mut scene = scene();
    let (from, to) = ((ROOT, name("a.txt")), (ROOT, name("a.txt~")));
    scene.view.rename(from, to, NOTHING).expect("renamed");
    assert_eq!(scene.inside("a.txt"), Err(Errno::NOENT));
    assert_eq!(scene.inside("a.txt~"), Ok("old".into()));
    assert_eq!(scene.outside("a.txt"), "old");
    let flags = O_CREAT | O_EXCL | O_WRONLY;
    let (_, handle) = scene
        .view
        .create(ROOT, name("a.txt"), 0o644, flags)
        .expect("made");
    scene.view.write(handle, 0, b"half").expect("written");
    assert_eq!(scene.outside("a.txt"), "old");
    assert_eq!(scene.inside("a.txt"), Ok("half".into()));
    scene.view.write(handle, 4, b" and half").expect("written");
    scene.view.flush(handle).expect("flushed");
    assert_eq!(scene.outside("a.txt"), "half and half");
    assert_eq!(scene.all_outside(), ["a.txt", "b.txt"]);
}

#[test]
fn removing_a_granted_name_leaves_the_hosts_file() {
    let mut scene = scene();
    scene.view.remove(ROOT, name("a.txt")).expect("removed");
    assert_eq!(scene.inside("a.txt"), Err(Errno::NOENT));
    assert_eq!(scene.outside("a.txt"), "old");
    scene.make("a.txt", "again");
    assert_eq!(scene.outside("a.txt"), "again");
}

#[test]
fn a_file_that_was_never_finished_is_not_published() {
    let mut scene = scene();
    scene.view.remove(ROOT, name("a.txt")).expect("removed");
    let flags = O_CREAT | O_WRONLY;
    let (_, handle) = scene
        .view
        .create(ROOT, name("a.txt"), 0o644, flags)
        .expect("made");
    scene.view.write(handle, 0, b"half").expect("written");
    drop(scene.view.grant(&[]));
    assert_eq!(scene.view.write(handle, 4, b"x"), Err(Errno::ACCESS));
    scene.view.close(handle);
    assert_eq!(scene.outside("a.txt"), "old");
    assert_eq!(scene.all_outside(), ["a.txt", "b.txt"]);
}

#[test]
fn taking_a_name_back_also_ends_what_is_open() {
    let mut scene = scene();
    let ino = scene.view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let handle = scene.view.open(ino, O_RDWR).expect("opens");
    let changed = scene.view.grant(&[]);
    assert_eq!(changed.gone, [ino]);
    assert_eq!(scene.view.read(handle, 0, 10), Err(Errno::ACCESS));
    assert_eq!(scene.view.write(handle, 0, b"x"), Err(Errno::ACCESS));
    assert_eq!(scene.inside("a.txt"), Err(Errno::NOENT));
    scene.make("a.txt", "private");
    assert_eq!(scene.outside("a.txt"), "old");
}

#[test]
fn a_granted_name_is_a_regular_file_and_nothing_else() {
    let mut scene = scene();
    let view = &mut scene.view;
    assert_eq!(
        view.make_directory(ROOT, name("a.txt"), 0o755).err(),
        Some(Errno::EXIST)
    );
    assert_eq!(
        view.make_symlink(ROOT, name("a.txt"), "/etc/passwd".as_ref())
            .err(),
        Some(Errno::EXIST)
    );
    view.remove(ROOT, name("a.txt")).expect("removed");
    assert_eq!(
        view.make_directory(ROOT, name("a.txt"), 0o755).err(),
        Some(Errno::PERM)
    );
    view.make_symlink(ROOT, name("link"), "/etc/passwd".as_ref())
        .expect("made");
    for (from, to) in [("link", "a.txt"), ("a.txt", "link")] {
        let moved = view.rename((ROOT, name(from)), (ROOT, name(to)), NOTHING);
        assert!(moved.is_err(), "{from} → {to}");
    }
    assert_eq!(scene.outside("a.txt"), "old");
}

#[test]
fn names_are_not_exchanged_or_linked_with_the_hosts() {
    let mut scene = scene();
    let private = scene.make("private", "p");
    let view = &mut scene.view;
    let granted = view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let pair = ((ROOT, name("private")), (ROOT, name("a.txt")));
    assert_eq!(
        view.rename(pair.0, pair.1, RenameFlags::EXCHANGE),
        Err(Errno::INVAL)
    );
    assert_eq!(
        view.rename(pair.0, pair.1, RenameFlags::NOREPLACE),
        Err(Errno::EXIST)
    );
    for ino in [private, granted] {
        assert_eq!(view.link(ino, ROOT, name("other")).err(), Some(Errno::PERM));
    }
    assert_eq!(scene.outside("a.txt"), "old");
}

#[test]
fn another_file_in_the_place_of_a_granted_one_is_not_shown() {
    let mut scene = scene();
    let mut wanted = grant(&scene.host, "b.txt", false);
    wanted.identity.as_mut().expect("there").inode += 1;
    let changed = scene
        .view
        .grant(&[grant(&scene.host, "a.txt", false), wanted]);
    assert_eq!(changed.replaced, ["b.txt".into()]);
    assert_eq!(scene.inside("b.txt"), Err(Errno::NOENT));
}

#[test]
fn a_symlink_that_takes_a_granted_name_is_not_followed() {
    let mut scene = scene();
    let path = scene.host.join("a.txt");
    std::fs::remove_file(&path).expect("removed");
    symlink(scene.host.join("b.txt"), &path).expect("linked");
    assert_eq!(scene.inside("a.txt"), Err(Errno::ACCESS));
    scene.make("temporary", "new");
    let pair = ((ROOT, name("temporary")), (ROOT, name("a.txt")));
    assert_eq!(
        scene.view.rename(pair.0, pair.1, NOTHING),
        Err(Errno::ACCESS)
    );
    assert_eq!(scene.outside("b.txt"), "old");
}

#[test]
fn a_databases_companions_are_made_and_removed_on_the_host() {
    let mut scene = scene();
    let granted = [
        grant(&scene.host, "a.txt", false),
        grant(&scene.host, "a.txt-journal", true),
    ];
    drop(scene.view.grant(&granted));
    scene.make("a.txt-journal", "j");
    assert_eq!(scene.outside("a.txt-journal"), "j");
    scene
        .view
        .remove(ROOT, name("a.txt-journal"))
        .expect("removed");
    assert_eq!(scene.all_outside(), ["a.txt", "b.txt"]);
}

#[test]
fn a_lock_outside_keeps_programs_inside_out_and_theirs_keep_each_other_out() {
    let mut scene = scene();
    let ino = scene.view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let handle = scene.view.open(ino, O_RDWR).expect("opens");
    let mut locks = Locks::default();
    let span = Span { start: 0, end: 9 };
    let view = &scene.view;
    locks
        .set(view, handle, 1, Lock::Exclusive, span)
        .expect("locked");
    let second = locks.set(view, handle, 2, Lock::Exclusive, span);
    assert_eq!(second, Err(Errno::AGAIN));
    let found = locks
        .test(view, handle, 2, Lock::Shared, span)
        .expect("asked");
    assert_eq!(found, Some((Lock::Exclusive, span)));
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(scene.host.join("a.txt"))
        .expect("opens");
    let whole = nix::libc::flock {
        l_type: nix::libc::F_WRLCK.try_into().expect("a small number"),
        l_whence: 0,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    let outside = |file| nix::fcntl::fcntl(file, nix::fcntl::FcntlArg::F_SETLK(&whole));
    assert!(outside(&file).is_err());
    locks.close(view, handle, 1);
    assert!(outside(&file).is_ok());
    assert_eq!(
        locks.set(view, handle, 2, Lock::Exclusive, span),
        Err(Errno::AGAIN)
    );
}

#[test]
fn only_attributes_of_the_user_are_there() {
    let mut scene = scene();
    let ino = scene.view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let set = |attribute| scene.view.set_xattr(ino, name(attribute), b"v", 0);
    assert_eq!(set("security.capability"), Err(Errno::OPNOTSUPP));
    assert_eq!(set("trusted.x"), Err(Errno::OPNOTSUPP));
    // A file system for tests may have none at all.
    if set("user.x").is_ok() {
        assert_eq!(scene.view.xattr(ino, name("user.x")), Ok(b"v".into()));
        assert_eq!(scene.view.xattrs(ino), Ok(b"user.x\0".into()));
    }
}

#[test]
fn a_file_on_the_host_never_gets_a_set_user_id_bit_or_another_owner() {
    let mut scene = scene();
    let ino = scene.view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let mode = Changes {
        mode: Some(0o4755),
        ..Changes::default()
    };
    scene.view.change(ino, None, &mode).expect("changed");
    let metadata = std::fs::metadata(scene.host.join("a.txt")).expect("there");
    assert_eq!(metadata.mode() & 0o7777, 0o755);
    let owner = Changes {
        owner: Some(metadata.uid() + 1),
        ..Changes::default()
    };
    assert_eq!(
        scene.view.change(ino, None, &owner).err(),
        Some(Errno::PERM)
    );
}

#[test]
fn a_program_cannot_open_without_end() {
    let mut scene = scene();
    let ino = scene.view.lookup(ROOT, name("a.txt")).expect("there").ino;
    let opened = (0..2000).take_while(|_| scene.view.open(ino, O_RDONLY).is_ok());
    assert!(opened.count() < 1000);
}

#[test]
fn what_was_shown_before_goes_by_its_name() {
    let mut scene = scene();
    let other = Name {
        identity: None,
        ..grant(&scene.host, "b.txt", false)
    };
    let first = grant(&scene.host, "a.txt", false);
    std::fs::write(scene.host.join("new"), "new").expect("written");
    std::fs::rename(scene.host.join("new"), scene.host.join("b.txt")).expect("renamed");
    assert!(
        scene
            .view
            .grant(&[first.clone(), other])
            .replaced
            .is_empty()
    );
    assert!(scene.view.lookup(ROOT, name("b.txt")).is_ok());
    // A link in its place is none the less not followed.
    std::fs::remove_file(scene.host.join("b.txt")).expect("removed");
    symlink("a.txt", scene.host.join("b.txt")).expect("linked");
    assert!(scene.view.lookup(ROOT, name("b.txt")).is_err());
}

#[test]
fn what_the_host_changes_is_told_from_what_the_sandbox_does() {
    let mut scene = scene();
    let file = name("a.txt");
    assert!(!scene.view.changed_outside(file));
    let (attributes, handle) = scene
        .view
        .create(ROOT, file, 0o600, O_WRONLY)
        .expect("opened");
    scene
        .view
        .write(handle, 0, b"by the sandbox")
        .expect("written");
    assert!(!scene.view.changed_outside(file));
    std::fs::write(scene.host.join("a.txt"), "by the host, longer").expect("written");
    assert!(scene.view.changed_outside(file));
    assert!(!scene.view.changed_outside(file), "told once");

    let shorter = Changes {
        size: Some(3),
        ..Changes::default()
    };
    scene
        .view
        .change(attributes.ino, None, &shorter)
        .expect("cut");
    assert!(!scene.view.changed_outside(file));
    std::fs::write(scene.host.join("new"), "another").expect("written");
    std::fs::rename(scene.host.join("new"), scene.host.join("a.txt")).expect("renamed");
    assert!(scene.view.changed_outside(file));
    std::fs::remove_file(scene.host.join("a.txt")).expect("removed");
    assert!(
        !scene.view.changed_outside(file),
        "there is nothing to look at"
    );

    // Names that are not granted are nobody's business.
    std::fs::write(scene.host.join("b.txt"), "changed").expect("written");
    assert!(!scene.view.changed_outside(name("b.txt")));
}
