//! How soon a file that is added to a running sandbox is there.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use oz_bench::job::monotonic_ns;
use oz_bench::report::{Table, number};
use oz_bench::stats::{median, percentile};

use super::worker;
use crate::idle::said;
use crate::request::Asker;

/// Milliseconds, one of each round.
#[derive(Default)]
pub(super) struct Added {
    directory: Vec<f64>,
    file: Vec<f64>,
    writable: Vec<f64>,
    another: Vec<f64>,
    /// The whole command `oz add` with a directory.
    command: Vec<f64>,
}

pub(super) fn measure(base: &Path, rounds: usize) -> Result<Added> {
    let asker = Asker::connect()?;
    let mut watcher = Watcher::start()?;
    let mut added = Added::default();
    for round in 0..rounds {
        let directory = base.join(format!("added-{round}"));
        let make = |name: &str| -> Result<PathBuf> {
            let path = directory.join(name);
            let parent = path.parent().context("a path has a parent")?;
            std::fs::create_dir_all(parent)?;
            std::fs::write(&path, "x")?;
            Ok(path)
        };
        let of = |name: &str| make(name).map(|path| path.with_file_name(""));
        added
            .directory
            .push(watcher.seen(&asker, &of("one/in-it")?, false)?);
        added
            .file
            .push(watcher.seen(&asker, &make("two/file")?, false)?);
        added
            .writable
            .push(watcher.seen(&asker, &make("three/file")?, true)?);
        added
            .another
            .push(watcher.seen(&asker, &make("three/another")?, true)?);
        let whole = of("four/in-it")?;
        let start = Instant::now();
        said(&["add", &watcher.id, whole.to_str().context("a plain path")?])?;
        added.command.push(start.elapsed().as_secs_f64() * 1000.0);
        // What it holds is taken back each time: adding to many is another matter.
        for name in ["one", "two/file", "three/file", "three/another", "four"] {
            let path = directory.join(name);
            said(&[
                "remove",
                &watcher.id,
                path.to_str().context("a plain path")?,
            ])?;
        }
    }
    Ok(added)
}

impl Added {
    pub(super) fn directory(&self) -> Option<f64> {
        median(&self.directory)
    }

    pub(super) fn report(&self, rounds: usize) -> String {
        let mut text = format!(
            "\n{rounds} times each, to a running sandbox: milliseconds from the request on the bus until a program inside, \
             which looks over and over, has seen the path.\n\n"
        );
        let mut table = Table::new(["added", "median ms", "nine of ten ms"]);
        let rows = [
            ("a directory", &self.directory),
            ("a file to read", &self.file),
            (
                "a file to write, the first of its directory",
                &self.writable,
            ),
            ("another one beside it", &self.another),
            ("a directory, the whole command `oz add`", &self.command),
        ];
        for (what, values) in rows {
            table.row([
                what.to_owned(),
                number(median(values), 2),
                number(percentile(values, 90), 2),
            ]);
        }
        text += &table.markdown();
        text
    }
}

/// A sandbox with a program in it that looks for paths.
struct Watcher {
    id: String,
    run: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Watcher {
    fn start() -> Result<Self> {
        let worker = worker()?;
        let mut command = Command::new("oz");
        command
            .args(["run", "--read"])
            .arg(&worker)
            .arg("--")
            .arg(&worker)
            .arg("appear");
        let mut run = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start oz")?;
        let (input, output) = (run.stdin.take(), run.stdout.take());
        let mut this = Self {
            id: String::new(),
            run,
            input: input.context("a pipe")?,
            output: BufReader::new(output.context("a pipe")?),
        };
        // It runs when it answers, and then it is in the list.
        writeln!(this.input, "/")?;
        this.line()?;
        this.line()?;
        let list: Vec<serde_json::Value> = serde_json::from_str(&said(&["ps", "--json"])?)?;
        ensure!(list.len() == 1, "other sandboxes run: {list:?}");
        this.id = list[0]["id"].as_str().context("an id")?.to_owned();
        Ok(this)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(
            self.output.read_line(&mut line)? > 0,
            "the program inside has ended"
        );
        Ok(line.trim().to_owned())
    }

    /// Milliseconds from asking the daemon to a path's being there.
    fn seen(&mut self, asker: &Asker, path: &Path, write: bool) -> Result<f64> {
        let path = path.canonicalize()?;
        writeln!(self.input, "{}", path.display())?;
        ensure!(self.line()? == "ready");
        // What the one before has left behind is done.
        std::thread::sleep(Duration::from_millis(20));
        let asked = monotonic_ns();
        asker.add(&self.id, &path, write)?;
        let seen: u64 = self.line()?.parse()?;
        Ok(Duration::from_nanos(seen.saturating_sub(asked)).as_secs_f64() * 1000.0)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = said(&["stop", &self.id]);
        let _ = self.run.kill();
        let _ = self.run.wait();
    }
}
