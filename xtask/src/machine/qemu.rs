//! The emulator, and what comes out of the machine.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::image::Image;
use crate::workspace;

/// Begins each line that is not of a test.
const OURS: &str = "oz-machine: ";

/// What the machine says.
pub(crate) enum Event {
    /// It begins an executable.
    Begin(String),
    /// It printed a line.
    Line(String),
    /// The executable ended with this status.
    End(i32),
}

/// Runs it until it has done all, and tells what it says.
pub(super) fn run(
    image: &Image,
    payload: &Path,
    timeout: Duration,
    tell: &mut dyn FnMut(Event),
) -> Result<()> {
    let console = workspace::target().join("machine/console.log");
    let mut machine = Machine(start(image, payload, &console)?);
    let out = machine.0.stdout.take().context("it has a stdout")?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let end = Instant::now() + timeout;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let line = match lines.recv_timeout(left) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => bail!("the machine did not end within {timeout:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!(
                "the machine ended before its tests did; its console:\n{}",
                tail(&console)
            ),
        };
        let Some(ours) = line.strip_prefix(OURS) else {
            tell(Event::Line(line));
            continue;
        };
        let words: Vec<&str> = ours.split(' ').collect();
        match words[..] {
            ["begin", name] => tell(Event::Begin(name.to_owned())),
            ["end", _, code] => tell(Event::End(code.parse().unwrap_or(1))),
            ["done"] => return Ok(()),
            _ => tell(Event::Line(line)),
        }
    }
}

/// The emulator; it goes with the value.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        // Nothing of it is kept, so it need not be shut down.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(image: &Image, payload: &Path, console: &Path) -> Result<Child> {
    let (accelerator, processor) = if can_virtualise() {
        ("kvm", "host")
    } else {
        ("tcg,thread=multi", "max")
    };
    let disk = |path: &Path, options: &str| {
        let path = path.display();
        format!("file={path},if=virtio,format=raw,{options}")
    };
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--", "qemu-system-x86_64"])
        .args(["-machine", "q35", "-accel", accelerator, "-cpu", processor])
        .args([
            "-smp", "2", "-m", "3072", "-nic", "none", "-display", "none",
        ])
        .arg("-no-reboot")
        .arg("-kernel")
        .arg(&image.kernel)
        .arg("-initrd")
        .arg(&image.initrd)
        .args([
            "-append",
            "root=/dev/vda rw console=ttyS0 panic=-1 quiet mitigations=off",
        ])
        .args(["-drive", &disk(&image.disk, "snapshot=on")])
        .args(["-drive", &disk(payload, "readonly=on")])
        .args(["-serial", &format!("file:{}", console.display())])
        .args(["-device", "virtio-serial"])
        .args(["-chardev", "stdio,id=results,signal=off"])
        .args(["-device", "virtserialport,chardev=results,name=oz.results"]);
    command
        // Held open: at its end the port would be taken for unplugged.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start qemu-system-x86_64")
}

/// A device alone is not enough: some machines have one for guests of a kind of their own.
fn can_virtualise() -> bool {
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has = |flag: &str| flags.split_whitespace().any(|word| word == flag);
    let is_open = || {
        let mut device = fs::OpenOptions::new();
        device.read(true).write(true).open("/dev/kvm").is_ok()
    };
    (has("vmx") || has("svm")) && is_open()
}

/// The last lines of the console.
fn tail(console: &Path) -> String {
    let text = fs::read(console).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
