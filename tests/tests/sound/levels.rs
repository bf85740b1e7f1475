//! How loud it is, for whoever looks.

use anyhow::Result;
use oz_e2e::run::Started;
use oz_e2e::sound::{Listener, tone};
use oz_e2e::{Run, Session, oz, wait};

use super::{gate, only, set};

/// Looks until it is told to end, and writes down what it is told.
const LOOK: &str = r#"
import sys
import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
path = "/org/oz/Oz1/sandbox/" + sys.argv[1]
def told(*about):
    print(*about[5].unpack(), flush=True)
bus.signal_subscribe("org.oz.Oz1", "org.oz.Sandbox1", "Levels", path, None, 0, told)
if sys.argv[2] == "watch":
    bus.call_sync("org.oz.Oz1", path, "org.oz.Sandbox1", "WatchLevels", GLib.Variant("(b)", (True,)), None, 0, -1)
print("looks", flush=True)
GLib.MainLoop().run()
"#;

/// Somebody at the bus.
struct Looker(Started);

impl Looker {
    fn start(id: &str, how: &str) -> Self {
        let started = Run::new("/usr/bin/python3", ["-I", "-c", LOOK, id, how]).start();
        let looker = Self(started);
        wait::for_condition("somebody looks", || looker.lines() > 0);
        looker
    }

    fn lines(&self) -> usize {
        self.0.text_so_far().lines().count()
    }

    /// What it was told last: speaker and microphone.
    fn last(&self) -> Option<(u16, u16)> {
        let text = self.0.text_so_far();
        let (speaker, microphone) = text.lines().last()?.split_once(' ')?;
        Some((speaker.parse().ok()?, microphone.parse().ok()?))
    }

    fn wait_for(&self, what: &str, fits: impl Fn((u16, u16)) -> bool) {
        wait::for_condition(what, || self.last().is_some_and(&fits));
    }
}

/// A sandbox that plays a tone, which is heard.
fn plays(session: &Session) -> (Listener, Started) {
    let dir = session.fresh_dir("played");
    let file = tone(&dir.join("tone.wav"), 200);
    let listener = Listener::to("speaker.monitor");
    let playing = oz(["run", "--profile", "sounds", "--read"])
        .arg(dir)
        .args(["--", "paplay", "--latency-msec=20"])
        .arg(file)
        .start();
    listener.wait_for_tone();
    (listener, playing)
}

#[test]
fn what_goes_to_the_speaker_is_seen_until_it_is_switched_off() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "on", "off");
    let (_listener, _playing) = plays(&session);
    let id = only();
    let looker = Looker::start(id.id(), "watch");
    let half = |(speaker, microphone): (u16, u16)| speaker.abs_diff(500) < 30 && microphone == 0;
    looker.wait_for("half of the loudest", half);
    set("speaker", id.id(), "silent");
    looker.wait_for("nothing", |levels| levels == (0, 0));
    set("speaker", id.id(), "on");
    looker.wait_for("half of the loudest", half);
    Ok(())
}

#[test]
fn an_asker_that_has_left_the_bus_looks_no_longer() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "on", "off");
    let (listener, _playing) = plays(&session);
    let id = only();
    let bystander = Looker::start(id.id(), "listen");
    let asker = Looker::start(id.id(), "watch");
    bystander.wait_for("half of the loudest", |(speaker, _)| speaker > 400);
    drop(asker);
    // What was said last before it went stays nobody's.
    bystander.wait_for("nothing", |levels| levels == (0, 0));
    let before = bystander.lines();
    let heard = listener.heard();
    wait::for_condition("a second of sound", || {
        listener.heard() > heard + std::time::Duration::from_secs(1)
    });
    assert_eq!(bystander.lines(), before, "nobody looks");
    Ok(())
}

#[test]
fn no_more_look_than_there_is_room_for() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "on", "off");
    let id = oz_e2e::Inside::idle("sounds");
    let script = format!(
        r#"
import gi
from gi.repository import Gio, GLib
address = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION)
flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
def watch(bus):
    bus.call_sync("org.oz.Oz1", "/org/oz/Oz1/sandbox/{id}", "org.oz.Sandbox1", "WatchLevels", GLib.Variant("(b)", (True,)), None, 0, -1)
buses = [Gio.DBusConnection.new_for_address_sync(address, flags) for _ in range(17)]
for bus in buses[:16]:
    watch(bus)
    watch(bus)
try:
    watch(buses[16])
    raise SystemExit("one more looks")
except GLib.Error as error:
    print(error.message)
"#,
        id = id.id()
    );
    let ran = Run::new("/usr/bin/python3", ["-I", "-c", &script])
        .run()
        .ok();
    assert!(
        ran.text().contains("16 programs look at the levels"),
        "{ran}"
    );
    Ok(())
}
