//! What each fuzz target does with its bytes; the tests of oz-core replay the corpus through the same
//! functions. None of them may panic, hang or allocate beyond the limits.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use oz_core::plan::facts::{Matches, PathFact};
use oz_core::plan::{Access, Effect, Home, HostFacts, Op, Plan, Source, User};
use oz_core::profile::rules::{Base, RulePath, is_pattern, matches};
use oz_core::profile::{Layer, Profile, Text};
use oz_core::wire::frame::{MAX_FDS, MAX_PLAN, MAX_UNTRUSTED, Reader};
use oz_core::wire::{Frame, init, mount};

/// What a target does.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
#[allow(dead_code)] // each target uses one
pub const TARGETS: &[(&str, Target)] = &[
    ("frame", frame),
    ("from_init", from_init),
    ("to_init", to_init),
    ("mount_request", mount_request),
    ("mount_answer", mount_answer),
    ("profile", profile),
    ("plan", plan),
    ("protected", protected),
    ("rules", rules),
    ("audio_lines", audio_lines),
];

/// The first byte says into how large pieces the rest is cut.
pub fn frame(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let mut reader = Reader::new(MAX_UNTRUSTED);
    for piece in stream.chunks(usize::from(size).max(1)) {
        reader.push(piece, [()]);
        while let Ok(Some(frame)) = reader.next() {
            assert!(frame.fds.len() <= MAX_FDS);
            let _ = frame.decode::<init::FromInit>();
        }
    }
}

/// A frame with this body, as the reader would give it.
fn body(data: &[u8]) -> Option<Frame<()>> {
    body_up_to(data, MAX_UNTRUSTED)
}

fn body_up_to(data: &[u8], limit: usize) -> Option<Frame<()>> {
    let mut bytes = oz_core::wire::encode(&(), 0).ok()?;
    let length = u32::try_from(data.len()).ok()?;
    bytes.get_mut(..4)?.copy_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(data);
    let mut reader = Reader::new(limit);
    reader.push(&bytes, []);
    reader.next().ok()?
}

/// What decodes is encoded and decoded to the same again.
fn message<M>(data: &[u8])
where
    M: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let Some(Ok(message)) = body(data).map(|frame| frame.decode::<M>()) else {
        return;
    };
    // The body of the same message may be longer: numbers need not be written shortest.
    let Ok(bytes) = oz_core::wire::encode(&message, 0) else {
        return;
    };
    let mut reader = Reader::<()>::new(MAX_PLAN);
    reader.push(&bytes, []);
    let again = reader.next().expect("is a frame").expect("is whole");
    assert_eq!(again.decode::<M>().expect("decodes"), message);
}

/// Hostile: what the daemon reads from init.
pub fn from_init(data: &[u8]) {
    message::<init::FromInit>(data);
}

/// What init reads; a plan that decodes is checked, as init does.
pub fn to_init(data: &[u8]) {
    message::<init::ToInit>(data);
    if let Some(Ok(init::ToInit::Start { plan, .. })) = body(data).map(|frame| frame.decode()) {
        let _ = oz_core::plan::check::check(&plan);
    }
}

/// What the mount helper reads.
pub fn mount_request(data: &[u8]) {
    message::<mount::Request>(data);
}

/// What the daemon reads from the mount helper.
pub fn mount_answer(data: &[u8]) {
    message::<mount::Answer>(data);
}

/// A profile from anywhere; an error must be drawn without panic.
pub fn profile(data: &[u8]) {
    let text = Text {
        name: "fuzz".to_owned(),
        layer: Layer::Administrator,
        path: "fuzz.json".into(),
        text: String::from_utf8_lossy(data).into_owned(),
        template: false,
    };
    if let Err(error) = oz_core::profile::Catalogue::new(vec![text]).resolve("fuzz") {
        assert!(!error.render().is_empty());
    }
}

/// A plan from anywhere: if the check accepts it, it is sound by rules that are written here anew.
pub fn plan(data: &[u8]) {
    let Some(Ok(plan)) = body_up_to(data, MAX_PLAN).map(|frame| frame.decode::<Plan>()) else {
        return;
    };
    if oz_core::plan::check::check(&plan).is_ok() {
        sound(&plan);
    }
}

/// What no plan may do, whoever wrote it.
fn sound(plan: &Plan) {
    let home = &plan.user.home;
    let dangerous = [
        ".ssh",
        ".bashrc",
        ".config/autostart",
        ".config/systemd/user",
        ".local/bin",
    ];
    for op in &plan.root {
        let target = op.target();
        assert!(is_plain(target), "{}", target.display());
        let Op::Bind(bind) = op else { continue };
        let source = bind.source.path();
        assert!(is_plain(source), "{}", source.display());
        let writable = bind.access == Access::Write;
        match &bind.source {
            Source::System(_) => assert!(!writable, "{} is writable", source.display()),
            Source::User(_) => {
                assert!(!home.starts_with(source), "{} is shared", source.display());
                for tree in ["/etc", "/usr", "/proc", "/sys", "/dev", "/boot"] {
                    assert!(!source.starts_with(tree), "{} is shared", source.display());
                }
            }
            Source::Tree { .. } => {
                let shown = bind.source.on_host();
                assert!(!writable, "{} is writable", shown.display());
                assert!(!home.starts_with(&*shown), "{} is shared", shown.display());
                for own in ["/proc", "/sys", "/dev", "/run", "/tmp"] {
                    assert!(!target.starts_with(own), "{} is put over", target.display());
                }
            }
        }
        for place in dangerous.map(|place| home.join(place)) {
            let reached = source.starts_with(&place) || place.starts_with(source);
            assert!(!(writable && reached), "{} is writable", source.display());
        }
    }
    let never = [
        "mount",
        "umount2",
        "pivot_root",
        "move_mount",
        "open_tree",
        "fsopen",
        "mount_setattr",
        "setns",
        "clone3",
        "bpf",
        "io_uring_setup",
        "keyctl",
        "kexec_load",
        "init_module",
        "finit_module",
        "open_by_handle_at",
        "pidfd_getfd",
        "userfaultfd",
        "perf_event_open",
    ];
    let policy = &plan.syscalls;
    for name in policy.allow.iter().chain(policy.conditional.keys()) {
        assert!(!never.contains(&name.as_str()), "{name} is allowed");
    }
    for call in [
        "clone",
        "ioctl",
        "unshare",
        "socket",
        "prctl",
        "personality",
    ] {
        assert!(
            !policy.allow.iter().any(|name| name == call),
            "{call} is unconditional"
        );
    }
    for name in plan.environment.keys() {
        assert!(
            !name.starts_with("LD_") && !name.contains(['=', '\0']),
            "{name:?} is set"
        );
    }
}

/// Absolute, and every component is a name.
fn is_plain(path: &Path) -> bool {
    let mut components = path.components();
    components.next() == Some(Component::RootDir)
        && components.all(|component| matches!(component, Component::Normal(_)))
        && !path.as_os_str().as_bytes().contains(&0)
}

/// A home and paths, one a line: what is protected stays so however one comes there.
pub fn protected(data: &[u8]) {
    let mut lines = data
        .split(|byte| *byte == b'\n')
        .map(|line| Path::new(OsStr::from_bytes(line)));
    let Some(home) = lines.next() else { return };
    for path in lines.take(64) {
        if oz_core::protected::is_protected(home, path).is_some() {
            assert!(path.starts_with(home));
            assert!(oz_core::protected::is_protected(home, &path.join("x")).is_some());
            // Another name that begins alike is another home's.
            let mut other = home.as_os_str().to_owned();
            other.push("2");
            if !home.as_os_str().is_empty() && !home.as_os_str().as_bytes().ends_with(b"/") {
                assert!(oz_core::protected::is_protected(Path::new(&other), path).is_none());
            }
        }
        if let Some(place) = oz_core::protected::covers_protected(home, path) {
            assert!(home.join(place.path).starts_with(path));
            if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
                assert!(oz_core::protected::covers_protected(home, above).is_some());
            }
        }
        for below in oz_core::protected::below(home, path).take(1000) {
            assert!(below.starts_with(home) && below != path);
        }
    }
}

/// Lines between the daemon and an audio proxy: what is understood is said again in one line.
pub fn audio_lines(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        line_of::<oz_core::wire::audio::Event>(line);
        line_of::<oz_core::wire::audio::Gate>(line);
    }
}

fn line_of<M>(line: &[u8])
where
    M: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    if let Ok(message) = serde_json::from_slice::<M>(line) {
        let said = serde_json::to_string(&message).expect("can be said");
        assert!(!said.contains('\n'));
        assert_eq!(
            serde_json::from_str::<M>(&said).expect("is understood"),
            message
        );
    }
}

/// Rules and a host, one a line (`write ~/a/*`, `dir a/b`, `file a/c`, `link a/d`, `other a/e`): if a plan is made
/// of them, what it shows is what the deepest rule says, by rules that are written here anew.
pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut host = Host::default();
    let mut said = serde_json::Map::new();
    for line in text.lines().take(64) {
        match line.split_once(' ') {
            Some((effect @ ("read" | "write" | "hide"), path)) => {
                judge_path(path);
                let rule = serde_json::json!({ "access": effect, "optional": true });
                said.insert(path.to_owned(), rule);
            }
            Some((kind, path)) => host.add(kind, path),
            None => {}
        }
    }
    let profile = serde_json::json!({ "files": { "rules": said } }).to_string();
    let profile = Text {
        name: "fuzz".to_owned(),
        layer: Layer::User,
        path: "fuzz.json".into(),
        text: profile,
        template: false,
    };
    let profile = match oz_core::profile::Catalogue::new(vec![profile]).resolve("fuzz") {
        Ok(profile) => profile,
        Err(error) => return assert!(!error.render().is_empty()),
    };
    let facts = host.facts(&profile);
    let request = oz_core::plan::Request {
        id: "fuzz".to_owned().try_into().expect("is an id"),
        ephemeral: true,
        home: None,
        network: None,
        app_id: None,
        display: true,
        sound: false,
    };
    match oz_core::plan::build(&profile, &request, &facts) {
        Ok(plan) => {
            sound(&plan);
            host.judge(&profile, &facts, &plan);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

const HOME: &str = "/home/u";

/// A path that is taken means the same when it is said again, and a pattern matches as one that is slow does.
fn judge_path(text: &str) {
    let Ok(path) = RulePath::try_from(text.to_owned()) else {
        return;
    };
    assert_eq!(path.to_string(), text);
    assert!(path.names().all(|name| !matches!(name, "" | "." | "..")));
    for pattern in path.names() {
        for name in ["", ".", "a", "ab", ".a", "aé", pattern] {
            let slow = slowly_matches(pattern, name)
                && (!name.starts_with('.') || pattern.starts_with('.'));
            assert_eq!(
                matches(pattern, name.as_bytes(), false),
                slow,
                "{pattern:?} {name:?}"
            );
        }
    }
}

fn slowly_matches(pattern: &str, name: &str) -> bool {
    // By a table: which beginnings of the name each beginning of the pattern stands for.
    let name: Vec<char> = name.chars().collect();
    let mut row: Vec<bool> = (0..=name.len()).map(|n| n == 0).collect();
    for c in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        for n in 0..=name.len() {
            next[n] = match c {
                '*' => row[..=n].contains(&true),
                '?' => n > 0 && row[n - 1],
                c => n > 0 && row[n - 1] && name[n - 1] == c,
            };
        }
        row = next;
    }
    row[name.len()]
}

/// What is in the home.
#[derive(Default)]
struct Host(BTreeMap<PathBuf, PathFact>);

impl Host {
    fn add(&mut self, kind: &str, below: &str) {
        let path = Path::new(HOME).join(below);
        let plain = is_plain(&path) && path.starts_with(HOME) && path != Path::new(HOME);
        let written = path
            .to_str()
            .is_some_and(|text| !text.contains("//") && !text.ends_with('/'));
        let fact = match kind {
            "dir" => PathFact::Directory,
            "file" => PathFact::File,
            "link" => PathFact::Symlink(path.clone()),
            "other" => PathFact::Other,
            _ => return,
        };
        if !plain || !written || below.split('/').any(|name| name.is_empty() || name == ".") {
            return;
        }
        let above: Vec<PathBuf> = path
            .ancestors()
            .skip(1)
            .take_while(|dir| *dir != Path::new(HOME))
            .map(Path::to_owned)
            .collect();
        let is_free = |dir: &PathBuf| matches!(self.0.get(dir), None | Some(PathFact::Directory));
        if self.0.contains_key(&path) || !above.iter().all(is_free) {
            return;
        }
        self.0
            .extend(above.into_iter().map(|dir| (dir, PathFact::Directory)));
        self.0.insert(path, fact);
    }

    fn facts(&self, profile: &Profile) -> HostFacts {
        let mut facts = HostFacts {
            user: User {
                uid: 1000,
                gid: 1000,
                name: "u".to_owned(),
                home: HOME.into(),
            },
            paths: self.0.clone().into_iter().collect(),
            xdg: BTreeMap::from([("MUSIC".to_owned(), Path::new(HOME).join("Music"))]),
            protected: Vec::new(),
            matches: BTreeMap::new(),
            listings: BTreeMap::new(),
            cpus: 1,
            memory: 1 << 30,
            open_files: 1024,
            tree: None,
            copies: Path::new(HOME).join(".local/state/oz/copies"),
            runtime: "/run/user/1000/oz".into(),
            state: Path::new(HOME).join(".local/state/oz"),
            session: BTreeMap::new(),
        };
        for (path, rule) in &profile.files.rules {
            if path.is_pattern() {
                let found = self.matched(path, rule.effect == Effect::Hide);
                facts.matches.insert(path.to_string(), found);
            }
        }
        for way in oz_core::plan::ways(profile, &facts) {
            let children = self.0.keys().filter(|path| path.parent() == Some(&way));
            let names = children.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
            let names = names.collect();
            facts.listings.insert(way, names);
        }
        facts
    }

    fn matched(&self, path: &RulePath, hidden: bool) -> Matches {
        let base = match path.base() {
            Base::Home => HOME.into(),
            Base::Xdg(_) => Path::new(HOME).join("Music"),
            Base::Root => PathBuf::from("/"),
        };
        let is_it = |place: &&PathBuf| {
            let Ok(below) = place.strip_prefix(&base) else {
                return false;
            };
            let names: Vec<&str> = path.names().collect();
            let found: Vec<&[u8]> = below.iter().map(OsStrExt::as_bytes).collect();
            names.len() == found.len()
                && names.iter().zip(found).all(|(pattern, name)| {
                    if is_pattern(pattern) {
                        matches(pattern, name, hidden)
                    } else {
                        pattern.as_bytes() == name
                    }
                })
        };
        Matches {
            paths: self.0.keys().filter(is_it).cloned().collect(),
            complete: true,
        }
    }

    fn judge(&self, profile: &Profile, facts: &HostFacts, plan: &Plan) {
        let home = Path::new(HOME);
        let guarded: Vec<PathBuf> = oz_core::protected::PLACES
            .iter()
            .map(|place| home.join(place.path))
            .collect();
        // Where each rule is, whether by name, and what it gives.
        let mut rules: Vec<(PathBuf, bool, Effect)> = Vec::new();
        for (path, rule) in &profile.files.rules {
            let named = !path.is_pattern();
            let places = match named {
                true => oz_core::plan::place_of(facts, path).into_iter().collect(),
                false => facts.matches[path.as_str()].paths.clone(),
            };
            for place in places {
                let is_guarded = guarded.iter().any(|guarded| place.starts_with(guarded));
                let there = match self.0.get(&place) {
                    Some(PathFact::Directory | PathFact::File) => true,
                    Some(PathFact::Other) => rule.effect == Effect::Hide,
                    Some(PathFact::Symlink(_)) | None => false,
                };
                // A pattern names nothing that is protected.
                if there && (named || rule.effect == Effect::Hide || !is_guarded) {
                    rules.push((place, named, rule.effect));
                }
            }
        }
        let decides = |path: &Path| {
            let mut above: Vec<_> = rules
                .iter()
                .filter(|(place, ..)| path.starts_with(place))
                .collect();
            above.sort_by_key(|(place, named, effect)| {
                let gives = match effect {
                    Effect::Hide => 0,
                    Effect::Read => 1,
                    Effect::CopyOnWrite => 2,
                    Effect::Write => 3,
                };
                (std::cmp::Reverse(place.components().count()), !named, gives)
            });
            above
                .first()
                .map(|(place, _, effect)| (place.clone(), *effect))
        };
        let new = self.0.keys().map(|path| path.join("new"));
        for path in self.0.keys().cloned().chain(new) {
            let shown = shown(plan, &path);
            let rule = decides(&path);
            let said = rule.as_ref().map(|(_, effect)| *effect);
            let place = guarded.iter().find(|place| path.starts_with(place));
            let named =
                place.is_some_and(|place| rule.is_some_and(|(rule, _)| rule.starts_with(place)));
            let on_the_way = guarded
                .iter()
                .any(|place| place.starts_with(&path) && *place != path);
            let at = path.display();
            match shown {
                Some(Access::Write) => {
                    assert_eq!(said, Some(Effect::Write), "{at} can be written");
                    assert!(place.is_none() && !on_the_way, "{at} can be written");
                }
                Some(Access::Read) => {
                    let copied = matches!(plan.home, Home::CopyOnWrite(_)) && said.is_none();
                    assert!(
                        copied || said.is_some_and(|said| said != Effect::Hide),
                        "{at} can be read"
                    );
                    let harmless = place.is_some_and(|place| {
                        place.ends_with("user-dirs.dirs") || place.ends_with("user-dirs.locale")
                    });
                    assert!(place.is_none() || named || harmless, "{at} can be read");
                }
                None => {}
            }
            // Nor is less shown than is said.
            let ordinary = |path: &Path| {
                matches!(self.0.get(path), Some(PathFact::Directory | PathFact::File))
            };
            if ordinary(&path) && place.is_none() {
                match said {
                    Some(Effect::Read) => {
                        assert_eq!(shown, Some(Access::Read), "{at} is not shown")
                    }
                    Some(Effect::Write) if !on_the_way => {
                        assert_eq!(shown, Some(Access::Write), "{at} cannot be written");
                    }
                    Some(Effect::Write) => {
                        assert_eq!(shown, Some(Access::Read), "{at} is not shown")
                    }
                    Some(Effect::CopyOnWrite) => {
                        assert_eq!(shown, Some(Access::Read), "{at} is not shown")
                    }
                    Some(Effect::Hide) | None => {}
                }
            }
        }
    }
}

/// What a plan shows at a path of the home: by the mount that is nearest above it.
fn shown(plan: &Plan, path: &Path) -> Option<Access> {
    for above in path.ancestors() {
        let mut at = plan.root.iter().rev().filter(|op| op.target() == above);
        let decides = at.find_map(|op| match op {
            Op::Bind(bind) => Some(Some(bind.access)),
            // Nothing of the host can be written there.
            Op::Overlay(overlay) => Some((!overlay.hides(path)).then_some(Access::Read)),
            Op::Mask { .. } | Op::Tmpfs { .. } => Some(None),
            _ => None,
        });
        if let Some(shown) = decides {
            return shown;
        }
    }
    None
}
