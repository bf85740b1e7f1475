//! How long a key press takes to the client.
//!
//! Keys are pressed by `oz-seat`, the virtual keyboard of the session. Its own share of the way
//! is the same for every peer, so only differences mean anything.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use oz_bench::job::{Job, monotonic_ns};
use oz_bench::stats::median;

use crate::client::Client;

/// Between two presses: the machine is to be at rest again.
const PAUSE: Duration = Duration::from_millis(8);

/// How long the last press may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The median microseconds of so many presses.
pub(crate) fn latency_us(client: &mut Client, presses: u32) -> Result<f64> {
    let seat = std::env::var_os("OZ_SEAT_SOCKET").context("no OZ_SEAT_SOCKET")?;
    let job = Job::Keys(presses);
    client.ask(job)?;
    std::thread::sleep(Duration::from_millis(100));
    let mut sent = Vec::new();
    let mut seat = UnixStream::connect(Path::new(&seat)).context("no seat listens")?;
    seat.set_read_timeout(Some(PATIENCE))?;
    for _ in 0..presses {
        sent.push(monotonic_ns());
        tell(&mut seat, "key a down")?;
        tell(&mut seat, "key a up")?;
        std::thread::sleep(PAUSE);
    }
    let came = client.answer(job, PATIENCE)?.presses_ns;
    ensure!(
        came.len() == sent.len(),
        "{} presses came of {}",
        came.len(),
        sent.len()
    );
    let took: Vec<f64> = sent
        .iter()
        .zip(&came)
        .map(|(sent, came)| microseconds(came.saturating_sub(*sent)))
        .collect();
    median(&took).context("no presses")
}

fn tell(seat: &mut UnixStream, command: &str) -> Result<()> {
    seat.write_all(format!("{command}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(seat)
        .read_line(&mut answer)
        .context("the seat does not answer")?;
    ensure!(answer.trim() == "ok", "the seat says {answer:?}");
    Ok(())
}

fn microseconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6
}
