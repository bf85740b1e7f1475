//! What the tests of profiles and plans share: the shipped texts and a host that never changes.
#![allow(dead_code, missing_docs)] // each test uses its part

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oz_core::plan::facts::{PathFact, TreeFacts};
use oz_core::plan::{HostFacts, Request, Tree, User};
use oz_core::profile::{Catalogue, Layer, Profile, Text};

pub fn text(name: &str, layer: Layer, template: bool, content: &str) -> Text {
    let directory = match layer {
        Layer::Shipped => "/usr/share/oz/profiles",
        Layer::Administrator => "/etc/oz/profiles",
        Layer::User => "/home/user/.config/oz/profiles",
    };
    let below = if template { "templates/" } else { "" };
    Text {
        name: name.to_owned(),
        layer,
        path: format!("{directory}/{below}{name}.json").into(),
        text: content.to_owned(),
        template,
    }
}

/// The texts in `profiles/` of this repository.
pub fn shipped() -> Vec<Text> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let mut texts = Vec::new();
    for (directory, template) in [(root.clone(), false), (root.join("templates"), true)] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
            .expect("profiles/ is there")
            .map(|entry| entry.expect("can be listed").path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .collect();
        paths.sort();
        for path in paths {
            let name = path
                .file_stem()
                .expect("has a name")
                .to_str()
                .expect("is text");
            let content = std::fs::read_to_string(&path).expect("can be read");
            texts.push(text(name, Layer::Shipped, template, &content));
        }
    }
    texts
}

pub fn catalogue(more: impl IntoIterator<Item = Text>) -> Catalogue {
    Catalogue::new(shipped().into_iter().chain(more).collect())
}

/// A profile of the user's own with this text.
pub fn profile(content: &str) -> Profile {
    catalogue([text("app", Layer::User, false, content)])
        .resolve("app")
        .unwrap_or_else(|error| panic!("{}", error.render()))
}

pub fn user() -> User {
    User {
        uid: 1000,
        gid: 1000,
        name: "user".to_owned(),
        home: "/home/user".into(),
    }
}

pub fn request(id: &str) -> Request {
    Request {
        id: id.parse().expect("is an id"),
        ephemeral: false,
        home: None,
        app_id: None,
        display: true,
        sound: true,
        network: None,
    }
}

/// A merged-usr system with a few things in the home.
pub fn facts() -> HostFacts {
    let directories = [
        "/usr",
        "/opt",
        "/etc/alternatives",
        "/etc/fonts",
        "/etc/gtk-3.0",
        "/etc/ssl/certs",
        "/etc/xdg",
        "/var/cache/fontconfig",
        "/var/lib/ghostscript",
        "/home/user/.local/share/fonts",
        "/home/user/Downloads",
        "/home/user/Music",
        "/home/user/.config",
        "/data/documents",
        "/srv/common",
    ];
    let files = [
        "/etc/ld.so.cache",
        "/etc/mime.types",
        "/usr/bin/dbus-daemon",
        "/usr/bin/bash",
        "/home/user/.config/user-dirs.dirs",
        "/home/user/notes.txt",
    ];
    let links = [
        ("/bin", "usr/bin"),
        ("/sbin", "usr/sbin"),
        ("/lib", "usr/lib"),
        ("/lib64", "usr/lib64"),
        ("/etc/os-release", "../usr/lib/os-release"),
        ("/home/user/.icons", "/data/icons"),
        ("/home/user/Documents", "/data/documents"),
        ("/home/user/Music/link", "/home/user/.ssh"),
    ];
    let mut paths = BTreeMap::new();
    paths.extend(directories.map(|path| (path.into(), PathFact::Directory)));
    paths.extend(files.map(|path| (path.into(), PathFact::File)));
    paths.extend(links.map(|(path, to)| (path.into(), PathFact::Symlink(to.into()))));
    paths.insert("/home/user/pipe".into(), PathFact::Other);
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    HostFacts {
        matches: BTreeMap::new(),
        listings: BTreeMap::new(),
        user: user(),
        paths: paths.into_iter().collect(),
        xdg: [
            ("DOWNLOAD".to_owned(), "/home/user/Downloads".into()),
            ("DOCUMENTS".to_owned(), "/home/user/Documents".into()),
        ]
        .into(),
        protected: vec!["/home/user/Dotfiles/ssh".into()],
        cpus: 4,
        memory: 16 << 30,
        open_files: 1024,
        tree: None,
        copies: "/home/user/.local/state/oz/copies".into(),
        runtime: "/run/user/1000/oz".into(),
        state: "/home/user/.local/state/oz".into(),
        session: BTreeMap::from(
            [
                ("LANG", "de_DE.UTF-8"),
                ("TERM", "xterm-256color"),
                ("EDITOR", "vim"),
                ("WAYLAND_DISPLAY", "wayland-1"),
                ("XDG_ACTIVATION_TOKEN", "secret"),
                ("PATH", "/home/user/bin:/usr/bin"),
            ]
            .map(owned),
        ),
    }
}

/// The same host, and on it a tree that is to be the system.
pub fn with_tree(copied: bool) -> HostFacts {
    let tree = Tree {
        path: "/srv/tree".into(),
        copied,
    };
    let directories = [
        "/usr",
        "/opt",
        "/home",
        "/srv",
        "/etc",
        "/etc/fonts",
        "/etc/pulse",
        "/var",
        "/var/lib",
        "/var/run",
    ];
    let mut entries = BTreeMap::new();
    entries.extend(directories.map(|path| (path.into(), PathFact::Directory)));
    entries.extend(["/etc/ld.so.cache", "/etc/passwd"].map(|path| (path.into(), PathFact::File)));
    entries.insert("/bin".into(), PathFact::Symlink("usr/bin".into()));
    entries.insert("/dev".into(), PathFact::Symlink("/home/user".into()));
    entries.insert("/fifo".into(), PathFact::Other);
    let mut facts = facts();
    facts.paths.remove(Path::new("/usr/bin/dbus-daemon"));
    facts.tree = Some(TreeFacts { tree, entries });
    facts
}

/// Every key of a profile, `section.key`; of tables not their entries.
pub fn keys() -> Vec<String> {
    let blank = Catalogue::new(vec![text("blank", Layer::User, false, "{}")]);
    let blank = blank.resolve("blank").expect("resolves");
    blank.explain().into_iter().map(|(key, ..)| key).collect()
}

/// A text that says one key. The name of an entry of a table is whatever stands behind the second dot.
pub fn saying(key: &str, value: &str) -> String {
    let parts = key.splitn(3, '.').collect::<Vec<_>>();
    parts.iter().rev().fold(value.to_owned(), |inner, part| {
        format!("{{ {part:?}: {inner} }}")
    })
}

/// What a profile says of a key, as JSON.
pub fn value(profile: &Profile, key: &str) -> serde_json::Value {
    let whole = serde_json::to_value(profile).expect("is JSON");
    key.splitn(3, '.').fold(whole, |value, part| {
        value.get(part).cloned().unwrap_or_default()
    })
}
