//! End-to-end tests: built by cargo, run in sessions.

use std::io::BufReader;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::tally::{Part, Tally};
use crate::session::{self, FileSystem, Host, Manager, Outcome, Request};
use crate::sh;

/// The package that has them.
pub(super) const PACKAGE: &str = "oz-e2e";
/// Executables whose names begin so run in the machine.
pub(super) const MACHINE: &str = "all_machine";
/// What is no executable: the package, tried on a system of its own.
pub(super) const PACKAGED: &str = "all_package";
/// The executable whose session has a network of its own.
const INTERNET: &str = "internet";
/// The executables that run on GNOME, on this machine's and a newer one.
const GNOME: (&str, &str) = ("gnome", "all_gnome");

/// The executables that run on an X server, and who manages its windows.
const X11: &[(&str, Manager)] = &[
    ("x11", Manager::Openbox),
    ("all_x11_input", Manager::Openbox),
    ("all_x11_old_apps", Manager::Openbox),
    ("all_x11_panel", Manager::Openbox),
    ("all_x11_metacity", Manager::Metacity),
    ("all_x11_mutter", Manager::Mutter),
    ("all_x11_bare", Manager::None),
];

/// The executables whose homes are on other file systems.
const HOMES: [(&str, FileSystem); 4] = [
    ("all_btrfs", FileSystem::Btrfs),
    ("all_overlay", FileSystem::Overlay),
    ("all_persistent", FileSystem::Persistent),
    ("all_xfs", FileSystem::Xfs),
];

/// A test executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Executable {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// What cargo built.
#[derive(Debug, Default)]
pub(super) struct Built {
    tests: Vec<Executable>,
    /// Programs of the package (probes that run inside sandboxes).
    programs: Vec<PathBuf>,
}

impl Built {
    /// The names of the test executables.
    pub(super) fn targets(&self) -> Vec<String> {
        self.tests.iter().map(|test| test.name.clone()).collect()
    }

    /// The executables of these names; the session's own test comes first, since if the desktop
    /// is broken that says so best.
    pub(super) fn chosen(&self, names: &[String]) -> Vec<&Executable> {
        let mut chosen: Vec<_> = self
            .tests
            .iter()
            .filter(|test| names.contains(&test.name))
            .collect();
        chosen.sort_by_key(|test| (test.name != "session", test.name.clone()));
        chosen
    }
}

/// Builds the tests.
pub(super) fn build() -> Result<Built> {
    let mut cargo = sh::cargo();
    cargo.args(["test", "--package", PACKAGE, "--no-run", "--quiet"]);
    cargo.arg("--message-format=json-render-diagnostics");
    Ok(parse(&sh::read(&mut cargo)?))
}

fn parse(messages: &str) -> Built {
    let mut built = Built::default();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let package = format!("#{PACKAGE}@");
        let own = message["package_id"]
            .as_str()
            .is_some_and(|id| id.contains(&package));
        let (Some(path), Some(name), true) = (
            message["executable"].as_str(),
            message["target"]["name"].as_str(),
            own,
        ) else {
            continue;
        };
        if message["profile"]["test"] == true {
            // Its own unit tests need no name of their own beside the tests that it is for.
            built.tests.push(Executable {
                name: name.to_owned(),
                path: path.into(),
            });
        } else {
            built.programs.push(path.into());
        }
    }
    built
}

/// Runs one executable in a session of its own; also whether somebody interrupted it. Of what its tests have shot, `pictures` are
/// kept: by name, and where.
pub(super) fn run(
    built: &Built,
    executable: &Executable,
    prefix: &Path,
    filters: &[String],
    timeout: Duration,
    pictures: &[(&str, PathBuf)],
) -> Result<(Part, bool)> {
    if !filters.is_empty() && !has_tests(executable, filters)? {
        return Ok((
            Part::new(&executable.name, Tally::default(), None, Duration::ZERO),
            false,
        ));
    }
    let start = Instant::now();
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let output = std::fs::File::from(OwnedFd::from(writer));
    let tally = std::thread::spawn(move || Tally::read(BufReader::new(reader), std::io::stdout()));
    let arguments = ["--test-threads=1"]
        .into_iter()
        .map(str::to_owned)
        .chain(filters.iter().cloned());
    let manager = X11.iter().find(|(name, _)| *name == executable.name);
    let outcome = session::run(Request {
        prefix: prefix.to_owned(),
        timeout: Some(timeout),
        internet: executable.name == INTERNET,
        home_on: HOMES
            .into_iter()
            .find_map(|(name, kind)| (name == executable.name).then_some(kind)),
        host: match executable.name.as_str() {
            name if name == GNOME.0 => Host::Gnome,
            name if name == GNOME.1 => Host::GnomeNewer,
            _ if manager.is_some() => Host::X11,
            _ => Host::Sway,
        },
        manager: manager.map(|(_, manager)| *manager).unwrap_or_default(),
        bring: std::iter::once(&executable.path)
            .chain(&built.programs)
            .cloned()
            .collect(),
        command: arguments.map(Into::into).collect(),
        environment: vec![("INSTA_UPDATE".to_owned(), "no".to_owned())],
        output: Some(output),
        collect: pictures
            .iter()
            .map(|(name, to)| (format!("tmp/output/{name}.png").into(), to.clone()))
            .collect(),
        ..Request::default()
    })?;
    let mut tally = tally.join().unwrap_or_default();
    if outcome.code != 0 {
        for (name, text) in &outcome.logs {
            println!("---- the end of {name} ----\n{text}");
        }
    }
    let note = note(&outcome, &mut tally, timeout);
    Ok((
        Part::new(&executable.name, tally, note, start.elapsed()),
        outcome.interrupted,
    ))
}

/// What went wrong beside the failures that the tests reported themselves.
fn note(outcome: &Outcome, tally: &mut Tally, timeout: Duration) -> Option<String> {
    match outcome.code {
        _ if outcome.interrupted => Some("interrupted".to_owned()),
        124 if !tally.closed => Some(format!("did not end within {timeout:?}")),
        125 if !tally.closed => Some("there was no session".to_owned()),
        code if !tally.closed => Some(format!("ended without a result (exit status {code})")),
        code if code != 0 && tally.failed == 0 => Some(format!("exit status {code}")),
        _ => None,
    }
}

fn has_tests(executable: &Executable, filters: &[String]) -> Result<bool> {
    let mut list = Command::new(&executable.path);
    list.args(["--list", "--format=terse"])
        .args(filters)
        .stdin(Stdio::null());
    Ok(sh::read(&mut list)?
        .lines()
        .any(|line| line.ends_with(": test")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_programs_are_told_apart() {
        let messages = [
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/tests#oz-e2e@0.1.0","target":{"name":"claims","kind":["test"]},"profile":{"test":true},"executable":"/t/claims-1"}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/tests#oz-e2e@0.1.0","target":{"name":"probe","kind":["bin"]},"profile":{"test":false},"executable":"/t/probe"}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/x#other@0.1.0","target":{"name":"other","kind":["bin"]},"profile":{"test":false},"executable":"/t/other"}"#,
            r#"{"reason":"compiler-artifact","package_id":"path+file:///w/tests#oz-e2e@0.1.0","target":{"name":"oz_e2e","kind":["lib"]},"profile":{"test":false},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ]
        .join("\n");
        let built = parse(&messages);
        assert_eq!(built.targets(), ["claims"]);
        assert_eq!(built.programs, [PathBuf::from("/t/probe")]);
    }
}
