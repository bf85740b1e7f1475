//! What each fuzz target does with its bytes; the tests of oz-core replay the corpus through the same
//! functions. None of them may panic, hang or allocate beyond the limits.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use oz_core::plan::{Access, Op, Plan, Source};
use oz_core::profile::{Layer, Text};
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
