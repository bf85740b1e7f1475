//! How long a GTK 4 app takes until its window is there.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::peers::Running;

/// How long it may take, and how long it may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Milliseconds from starting the app until sway has shown its first window.
pub(crate) fn window_ms(running: &Running) -> Result<f64> {
    let (_subscription, windows) = new_windows()?;
    let start = Instant::now();
    // Drawn the same way everywhere: what a sandbox would choose is another question.
    let app = running
        .app("gtk4-demo")
        .env("GSK_RENDERER", "cairo")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start gtk4-demo")?;
    let app = Ended(app);
    windows
        .recv_timeout(PATIENCE)
        .context("gtk4-demo showed no window")?;
    let took = start.elapsed();
    drop(app);
    Ok(took.as_secs_f64() * 1000.0)
}

/// A message for every window that appears from now on.
fn new_windows() -> Result<(Ended, Receiver<()>)> {
    let mut swaymsg = Command::new("swaymsg")
        .args(["--raw", "--type", "subscribe", "--monitor", "[\"window\"]"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start swaymsg")?;
    let output = swaymsg.stdout.take().context("no stdout")?;
    let (sender, windows) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if event["change"] == "new" && sender.send(()).is_err() {
                break;
            }
        }
    });
    // It says nothing when it has subscribed.
    std::thread::sleep(Duration::from_millis(150));
    Ok((Ended(swaymsg), windows))
}

/// A process that is asked to end with the value, and has ended then.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + PATIENCE;
        while matches!(self.0.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.0.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
