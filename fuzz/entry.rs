//! What each fuzz target does with its bytes; the tests of oz-core replay the corpus through the same
//! functions. None of them may panic, hang or allocate beyond the limits.

use oz_core::profile::{Layer, Text};
use oz_core::wire::frame::{MAX_FDS, MAX_UNTRUSTED, Reader};
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
    let mut bytes = oz_core::wire::encode(&(), 0).ok()?;
    let length = u32::try_from(data.len()).ok()?;
    bytes.get_mut(..4)?.copy_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(data);
    let mut reader = Reader::new(MAX_UNTRUSTED);
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
    let mut reader = Reader::<()>::new(oz_core::wire::frame::MAX_PLAN);
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
