//! The other side: a host with everything that the attacks are after, around one command.
//!
//! It belongs into `cargo xtask session`, whose home is thrown away. In `DIR` it makes `read/`
//! (this program and what it is to know; to be granted for reading), `share/` (to be granted for
//! writing) and things beside them that are granted to nobody; in the home, keys and start files.
//! The command inherits what a careless caller leaves behind: descriptors, a directory,
//! variables. At its end a line `harm …` is printed for each thing that was changed.

mod bait;
mod facts;
mod listeners;
mod victim;

use std::fs;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::target::{FILE, outside_mark};

pub use victim::run as victim;

/// The exit status when the command could not be run; otherwise it is the command's own, or 1 if
/// harm was done.
const FAILED: u8 = 125;

type Pairs = Vec<(String, String)>;

/// Prepares, runs, judges.
pub fn run(dir: &str, command: &[&str]) -> ExitCode {
    match around(Path::new(dir), command) {
        Ok((code, harm)) => {
            for line in &harm {
                crate::say(&format!("harm {line}"));
            }
            ExitCode::from(if code == 0 {
                u8::from(!harm.is_empty())
            } else {
                code
            })
        }
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "oz-probe: the host cannot be prepared: {error}"
            );
            ExitCode::from(FAILED)
        }
    }
}

fn around(dir: &Path, command: &[&str]) -> std::io::Result<(u8, Vec<String>)> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(std::io::Error::other("no command"));
    };
    if std::env::var_os("OZ_SESSION").is_none() {
        return Err(std::io::Error::other(
            "this is no throw-away session (`cargo xtask session`)",
        ));
    }
    let nonce = nonce()?;
    let bait = bait::Bait::lay(dir, &nonce)?;
    let victim = victim::Victim::start(&bait.secret, &nonce)?;
    let mut pairs: Pairs = vec![
        ("nonce".into(), nonce.clone()),
        ("outside".into(), outside_mark()),
        ("victim".into(), victim.pid().to_string()),
    ];
    pairs.extend(bait.facts());
    pairs.extend(listeners::start(dir, &nonce)?);
    pairs.extend(facts::gather()?);
    let (terminal, more) = facts::terminal()?;
    pairs.extend(more);
    place(dir, &pairs)?;

    let leaks = leave_open(&bait.secret)?;
    let status = Command::new(program)
        .args(arguments)
        .stdin(File::open(&bait.stdin)?)
        .current_dir(bait.secret.parent().unwrap_or(dir))
        .env("SSH_AUTH_SOCK", format!("/tmp/ssh-{nonce}/agent"))
        .env("GITHUB_TOKEN", &nonce)
        .env("OLDPWD", format!("/home/{nonce}"))
        .env("XAUTHORITY", format!("/run/{nonce}"))
        .env("OZ_PROBE_SECRET", &nonce)
        .status()?;
    drop((leaks, terminal));
    let mut harm = bait.harm();
    harm.extend(victim.harm());
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok((code.unwrap_or(FAILED), harm))
}

/// Sixteen random bytes as text.
fn nonce() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("nonce-{digits}"))
}

/// Puts this program and what it is to know into the directory that is granted.
fn place(dir: &Path, pairs: &[(String, String)]) -> std::io::Result<()> {
    let read = dir.join("read");
    fs::create_dir_all(&read)?;
    let program = read.join("oz-probe");
    // A new file each time: the old one may be running.
    let _ = fs::remove_file(&program);
    fs::copy("/proc/self/exe", &program)?;
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    let text: String = pairs
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    fs::write(read.join(FILE), text)
}

/// What a careless caller leaves open in the programs that it starts.
fn leave_open(secret: &Path) -> std::io::Result<Vec<OwnedFd>> {
    let flags = OFlags::RDONLY;
    let dir = secret.parent().map_or_else(PathBuf::new, Path::to_owned);
    let (one, other) = rustix::net::socketpair(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        rustix::net::SocketFlags::empty(),
        None,
    )?;
    Ok(vec![
        openat(CWD, secret, flags, Mode::empty())?,
        openat(CWD, &dir, flags | OFlags::DIRECTORY, Mode::empty())?,
        one,
        other,
    ])
}
