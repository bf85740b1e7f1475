//! The X server that shows an app's windows is out of the app's reach.

use anyhow::{Result, ensure};
use oz_e2e::run::Run;
use oz_e2e::{Session, oz};

/// What any program of the user can do to everybody on an X server.
const ATTACKS: &[(&str, &str)] = &[
    ("list the windows of others", "xprop -root _NET_CLIENT_LIST"),
    (
        "take a picture of the screen",
        "import -window root png:/dev/null",
    ),
    ("press keys", "xdotool key shift"),
    ("watch the pointer", "xdotool getmouselocation"),
    ("read the clipboard", "xclip -out -selection clipboard"),
];

/// A script in a sandbox that has no X server of its own either.
fn inside(script: &str) -> Run {
    oz(["run", "--ephemeral", "--profile", "no-x", "--", "sh", "-c"]).arg(script)
}

#[test]
fn an_app_cannot_do_to_the_x_server_what_any_program_outside_can() -> Result<()> {
    let session = Session::begin();
    session.copy("of the host")?;
    let text = r#"{ "extends": "generic", "display": { "x11": false } }"#;
    let _profile = session.profile("no-x", text);
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let (display, authority) = (variable("DISPLAY"), variable("XAUTHORITY"));
    for (what, attack) in ATTACKS {
        let outside = std::process::Command::new("timeout")
            .args(["20", "sh", "-c", attack])
            .output()?;
        ensure!(
            outside.status.success(),
            "outside one can {what}: {outside:?}"
        );
        // By its name, by the socket that every server also has without a file, and with the file that opens it.
        for name in [&display, &format!("unix{display}")] {
            let script = format!("DISPLAY={name} XAUTHORITY={authority} timeout 20 {attack}");
            let ran = inside(&script).run();
            ensure!(ran.code != 0, "an app can {what}: {ran}");
        }
    }
    let known = inside("env; ls -d /tmp/.X11-unix; cat /proc/net/unix").run();
    for word in ["DISPLAY=:", "XAUTHORITY", "X11-unix/X"] {
        ensure!(
            !known.text().contains(word),
            "an app knows of {word}: {known}"
        );
    }
    Ok(())
}
