//! A browser: it plays a page's sound, and gives a page the microphone if it has it itself.

use std::path::{Path, PathBuf};

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::sound::{Listener, speak, tone};
use oz_e2e::{Run, Session, oz, wait};

use super::{only, set, wait_for_use};

/// Pages play by themselves, and get the microphone without being asked about: the browser's own
/// questions are not what is tested.
const PREFERENCES: &str = r#"
user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.navigator.streams.fake", false);
user_pref("media.getusermedia.insecure.enabled", true);
user_pref("media.devices.insecure.enabled", true);
user_pref("media.cubeb.backend", "pulse-rust");
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
"#;

/// Says in its title what it hears: the page asks for the microphone as it is, without what makes
/// voices clearer, until it gets it, and goes on to measure.
const HEARS: &str = r#"<!doctype html><meta charset=utf-8><title>starting</title><script>
const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
async function listen() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const loud = Math.sqrt(power);
    document.title = loud > 0.2 ? "hears something" : loud < 0.001 ? "hears nothing" : "unsure " + loud;
  }, 200);
}
function again() {
  listen().catch(error => { document.title = "refused " + error.name; setTimeout(again, 1000); });
}
again();
</script>"#;

/// Starts Firefox on a page, with a profile directory of its own beside it.
fn browse_with_firefox(page: &Path) -> oz_e2e::run::Started {
    let directory = page.parent().expect("a page has a directory");
    let own = directory.join("firefox");
    write(&own.join("user.js"), PREFERENCES.as_bytes());
    oz(["run", "--write"])
        .arg(directory)
        .args(["firefox", "--profile"])
        .arg(own)
        .arg(page)
        .start()
}

fn playing_page(directory: &Path) -> PathBuf {
    let file = tone(&directory.join("tone.wav"), 10);
    let encoded = Run::new("base64", ["-w0"]).arg(&file).run().ok().text();
    let text = format!(
        "<!doctype html><meta charset=utf-8><title>plays</title>\
         <audio autoplay loop src=\"data:audio/wav;base64,{encoded}\"></audio>"
    );
    write(&directory.join("plays.html"), text.as_bytes())
}

/// Starts Chromium on a page; it plays by itself and is not asked about the microphone.
fn browse_with_chromium(page: &Path) -> oz_e2e::run::Started {
    oz(["run", "--read"])
        .arg(page.parent().expect("a page has a directory"))
        .args([
            "chromium",
            "--autoplay-policy=no-user-gesture-required",
            "--use-fake-ui-for-media-stream",
        ])
        .arg(page)
        .start()
}

/// A browser, started on a page.
struct Browser {
    /// Its profile's name.
    profile: &'static str,
    app_id: &'static str,
    browse: fn(&Path) -> oz_e2e::run::Started,
}

const FIREFOX: Browser = Browser {
    profile: "firefox",
    app_id: "firefox-esr",
    browse: browse_with_firefox,
};

const CHROMIUM: Browser = Browser {
    profile: "chromium",
    app_id: "chromium",
    browse: browse_with_chromium,
};

impl Browser {
    fn plays_a_page_and_is_turned_off_and_on(&self) -> Result<()> {
        let session = Session::begin();
        session.forget(self.profile);
        let page = playing_page(&session.fresh_dir("pages"));
        let listener = Listener::to("speaker.monitor");
        let _browser = (self.browse)(&page);
        session.window_within(wait::LONG, self.app_id, "plays")?;
        listener.wait_for_sound();
        let id = only();
        set("speaker", id.id(), "silent");
        listener.wait_for_silence();
        set("speaker", id.id(), "on");
        listener.wait_for_sound();
        Ok(())
    }

    fn gives_a_page_the_microphone_only_while_it_has_it_itself(&self) -> Result<()> {
        let session = Session::begin();
        session.forget(self.profile);
        let page = write(
            &session.fresh_dir("pages").join("hears.html"),
            HEARS.as_bytes(),
        );
        let _speaking = speak();
        let _browser = (self.browse)(&page);
        let titled = |title: &str| {
            session
                .window_within(wait::LONG, self.app_id, title)
                .map(drop)
        };
        titled("refused")?;
        let id = only();
        wait_for_use(id.id(), false);
        set("mic", id.id(), "on");
        titled("hears something")?;
        wait_for_use(id.id(), true);
        set("mic", id.id(), "silent");
        titled("hears nothing")?;
        wait_for_use(id.id(), false);
        set("mic", id.id(), "on");
        titled("hears something")
    }
}

#[test]
fn firefox_plays_a_page_and_is_turned_off_and_on() -> Result<()> {
    FIREFOX.plays_a_page_and_is_turned_off_and_on()
}

#[test]
fn firefox_gives_a_page_the_microphone_only_while_it_has_it_itself() -> Result<()> {
    FIREFOX.gives_a_page_the_microphone_only_while_it_has_it_itself()
}

#[test]
fn chromium_plays_a_page_and_is_turned_off_and_on() -> Result<()> {
    CHROMIUM.plays_a_page_and_is_turned_off_and_on()
}

#[test]
fn chromium_gives_a_page_the_microphone_only_while_it_has_it_itself() -> Result<()> {
    CHROMIUM.gives_a_page_the_microphone_only_while_it_has_it_itself()
}
