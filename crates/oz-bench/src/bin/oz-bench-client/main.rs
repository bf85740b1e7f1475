//! A Wayland client that does nothing but draw, and says what that cost.
//!
//! `oz-bench-client full 300` does one job and prints its answer; `oz-bench-client serve` says
//! when its window is up, does the jobs that it reads, one a line, and ends with its input.
//! Between two jobs it is still, so that whoever measures can look at all processes involved.

mod memory;
mod play;
mod window;

use std::io::{BufRead, Write};
use std::time::Instant;

use anyhow::{Result, bail};
use oz_bench::job::{Job, Ready};
use serde::Serialize;

use window::Window;

fn main() -> Result<()> {
    let start = Instant::now();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words = words.join(" ");
    if words.is_empty() {
        bail!("usage: oz-bench-client serve | JOB COUNT");
    }
    let single: Option<Job> = if words == "serve" {
        None
    } else {
        Some(words.parse()?)
    };

    let mut window = Window::open()?;
    let ready = Ready {
        first_frame_ms: start.elapsed().as_secs_f64() * 1000.0,
    };
    if let Some(job) = single {
        return say(&play::play(job, &mut window)?);
    }
    say(&ready)?;
    for line in std::io::stdin().lock().lines() {
        say(&play::play(line?.parse()?, &mut window)?)?;
    }
    Ok(())
}

fn say(what: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?)?;
    Ok(out.flush()?)
}
