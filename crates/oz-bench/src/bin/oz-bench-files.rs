//! A program that works on one file, and says what that took; it runs inside and outside of sandboxes.
//!
//! Usage: `oz-bench-files work FILE MEGABYTES TIMES`, or `oz-bench-files appear` with paths on its input: it says
//! `ready`, looks for the path over and over, and says when it was there, by the clock that all processes share.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use oz_bench::files::Work;
use oz_bench::job::monotonic_ns;

const MEGABYTE: usize = 1 << 20;
/// A small file.
const SMALL: usize = 4096;

#[allow(clippy::print_stdout, reason = "whoever started it reads it there")]
fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["work", file, megabytes, times] => {
            let done = work(Path::new(file), megabytes.parse()?, times.parse()?)?;
            println!("{}", serde_json::to_string(&done)?);
        }
        ["appear"] => appear()?,
        _ => bail!("usage: oz-bench-files work FILE MEGABYTES TIMES | appear"),
    }
    Ok(())
}

fn work(path: &Path, megabytes: u32, times: u32) -> Result<Work> {
    let named = || format!("cannot work on {}", path.display());
    let mut buffer = vec![b'x'; MEGABYTE];
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .truncate(true)
        .open(path)
        .with_context(named)?;
    let write = timed(megabytes, || file.write_all(&buffer))?;
    file.seek(SeekFrom::Start(0))?;
    drop(file);
    let mut file = File::open(path)?;
    let read = timed(megabytes, || file.read_exact(&mut buffer))?;
    drop(file);
    let stat = timed(times, || fs::metadata(path).map(drop))?;
    let open = timed(times, || File::open(path).map(drop))?;
    let temporary = path.with_extension("new");
    let save = timed(times.div_ceil(10), || {
        let mut new = File::create(&temporary)?;
        new.write_all(&buffer[..SMALL])?;
        new.sync_all()?;
        drop(new);
        fs::rename(&temporary, path)
    })
    .with_context(|| format!("cannot replace {}", path.display()))?;
    Ok(Work {
        write_mb_s: 1.0 / write,
        read_mb_s: 1.0 / read,
        stat_us: stat * 1e6,
        open_us: open * 1e6,
        save_ms: save * 1e3,
    })
}

/// Seconds that one takes.
fn timed(times: u32, mut act: impl FnMut() -> std::io::Result<()>) -> std::io::Result<f64> {
    let start = Instant::now();
    for _ in 0..times {
        act()?;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(times))
}

#[allow(clippy::print_stdout, reason = "whoever started it reads it there")]
fn appear() -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        println!("ready");
        while fs::symlink_metadata(&line).is_err() {
            std::hint::spin_loop();
        }
        println!("{}", monotonic_ns());
    }
    Ok(())
}
