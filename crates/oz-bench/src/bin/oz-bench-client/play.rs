//! Doing one job and taking its time.

use std::time::{Duration, Instant};

use anyhow::Result;
use oz_bench::job::{Answer, Job};
use oz_bench::stats;
use rustix::time::{ClockId, clock_gettime};

use crate::window::{Damage, Window};

/// What is counted while a job runs.
#[derive(Default)]
struct Count {
    frames: u32,
    round_trips_us: Vec<f64>,
    presses_ns: Vec<u64>,
}

pub(crate) fn play(job: Job, window: &mut Window) -> Result<Answer> {
    // What an earlier job left on its way is not this one's.
    window.round_trip()?;
    let start = Instant::now();
    let cpu = cpu_seconds();
    let count = match job {
        Job::Full(frames) => paced(window, frames, &Damage::All)?,
        Job::Damage(frames) => paced(window, frames, &Damage::Patch)?,
        Job::Uncapped(milliseconds) => {
            uncapped(window, Duration::from_millis(milliseconds.into()))?
        }
        Job::Sync(times) => sync(window, times)?,
        Job::Keys(presses) => keys(window, presses)?,
    };
    let seconds = start.elapsed().as_secs_f64();
    Ok(Answer {
        job: job.to_string(),
        frames: count.frames,
        seconds,
        fps: f64::from(count.frames) / seconds,
        cpu_seconds: cpu_seconds() - cpu,
        sync_us: stats::median(&count.round_trips_us),
        sync_us_p99: stats::percentile(&count.round_trips_us, 99),
        presses_ns: count.presses_ns,
    })
}

fn paced(window: &mut Window, frames: u32, damage: &Damage) -> Result<Count> {
    for frame in 0..frames {
        let buffer = window.free_buffer()?;
        match damage {
            Damage::All => window.memory.paint(buffer, frame)?,
            Damage::Patch => window.memory.touch(buffer, frame)?,
        }
        window.show(buffer, damage, true)?;
        window.wait_for_frame()?;
    }
    Ok(Count {
        frames,
        ..Count::default()
    })
}

fn uncapped(window: &mut Window, time: Duration) -> Result<Count> {
    let start = Instant::now();
    let mut frames = 0;
    while start.elapsed() < time {
        let buffer = window.free_buffer()?;
        window.memory.paint(buffer, frames)?;
        window.show(buffer, &Damage::All, false)?;
        frames += 1;
    }
    // Frames that the compositor has not taken yet were not delivered yet.
    window.round_trip()?;
    Ok(Count {
        frames,
        ..Count::default()
    })
}

fn sync(window: &mut Window, times: u32) -> Result<Count> {
    let mut round_trips_us = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        window.round_trip()?;
        round_trips_us.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Count {
        frames: times,
        round_trips_us,
        ..Count::default()
    })
}

fn keys(window: &mut Window, presses: u32) -> Result<Count> {
    Ok(Count {
        frames: presses,
        presses_ns: window.presses(presses as usize)?,
        ..Count::default()
    })
}

/// The processor time that this process has used so far.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default().as_secs_f64()
}
