//! The audio proxy beside a direct connection: how long the server takes to answer, how long sound
//! takes to be heard, and what the proxy costs while one stereo stream plays.

mod pulse;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::{median, paired_ratio, present};

use crate::processes;
use pulse::Pulse;

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is measured.
struct Effort {
    rounds: usize,
    round_trips: usize,
    clicks: usize,
    playing: Duration,
}

const FULL: Effort = Effort {
    rounds: 7,
    round_trips: 3000,
    clicks: 20,
    playing: Duration::from_secs(5),
};

const QUICK: Effort = Effort {
    rounds: 2,
    round_trips: 200,
    clicks: 3,
    playing: Duration::from_secs(1),
};

/// What one way to the server was measured to take, a value a round.
#[derive(Default)]
struct Series {
    round_trip_us: Vec<Option<f64>>,
    click_ms: Vec<Option<f64>>,
}

/// Measures, and reports as Markdown.
pub(crate) fn measure(quick: bool, with_oz: bool) -> Result<String> {
    let effort = if quick { &QUICK } else { &FULL };
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").context("no XDG_RUNTIME_DIR")?;
    let host = Path::new(&runtime).join("pulse/native");
    let (mut direct, mut through) = (Series::default(), Series::default());
    let (mut cpu, mut memory) = (Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        eprintln!("bench: audio, round {}", round + 1);
        let proxy = if with_oz {
            Some(Proxy::start(Path::new(&runtime), &host)?)
        } else {
            None
        };
        direct.take(&host, &host, effort)?;
        if let Some(proxy) = &proxy {
            through.take(&proxy.socket, &host, effort)?;
            let (percent, megabytes) = proxy.playing(effort.playing)?;
            cpu.push(percent);
            memory.extend(megabytes);
        }
    }
    Ok(report(effort, &direct, &through, &cpu, &memory))
}

impl Series {
    fn take(&mut self, socket: &Path, host: &Path, effort: &Effort) -> Result<()> {
        let mut client = Pulse::connect(socket)?;
        let times = (0..effort.round_trips).map(|_| client.round_trip());
        let times: Vec<f64> = times.collect::<Result<_>>()?;
        self.round_trip_us.push(median(&times));
        drop(client);
        let clicks = pulse::clicks(socket, host, effort.clicks)?;
        self.click_ms.push(median(&clicks));
        Ok(())
    }
}

fn report(effort: &Effort, direct: &Series, through: &Series, cpu: &[f64], mb: &[f64]) -> String {
    let middle = |values: &[Option<f64>]| median(&present(values));
    let ratio = paired_ratio(&through.round_trip_us, &direct.round_trip_us);
    let rounds = through.click_ms.iter().zip(&direct.click_ms);
    let added: Vec<f64> = rounds
        .filter_map(|(through, direct)| Some((*through)? - (*direct)?))
        .collect();
    let mut table = Table::new([
        "",
        "round trip µs",
        "× direct",
        "click to monitor ms",
        "CPU, % of a core",
        "PSS MB",
    ]);
    table.row([
        "direct".to_owned(),
        number(middle(&direct.round_trip_us), 1),
        "1.00".to_owned(),
        number(middle(&direct.click_ms), 1),
    ]);
    table.row([
        "audio-proxy".to_owned(),
        number(middle(&through.round_trip_us), 1),
        number(ratio, 2),
        number(middle(&through.click_ms), 1),
        number(median(cpu), 2),
        number(median(mb), 2),
    ]);
    let list = [
        Budget {
            what: "audio-proxy with one stereo stream".into(),
            unit: "MB PSS".into(),
            limit: Limit::AtMost(3.0),
            measured: median(mb),
        },
        Budget {
            what: "audio-proxy with one stereo stream".into(),
            unit: "% of a core".into(),
            limit: Limit::AtMost(1.0),
            measured: median(cpu),
        },
        Budget {
            what: "sound through audio-proxy, beyond direct".into(),
            unit: "ms".into(),
            limit: Limit::AtMost(1.0),
            measured: median(&added),
        },
    ];
    format!(
        "{} rounds, in each first direct, then through the proxy: {} requests for what the server is, \
         one after the other; {} clicks from their being written to their being heard at the sink's \
         monitor; then pacat, 44.1 kHz stereo, for {} s. Medians; the ratio is that within a \
         round.\n\n{}\n{}",
        effort.rounds,
        effort.round_trips,
        effort.clicks,
        effort.playing.as_secs(),
        table.markdown(),
        budgets(&list),
    )
}

/// An audio proxy that ends with the value.
struct Proxy {
    child: Child,
    socket: PathBuf,
}

impl Proxy {
    fn start(runtime: &Path, host: &Path) -> Result<Self> {
        let socket = runtime.join(format!("bench-audio-{}", std::process::id()));
        let _ = std::fs::remove_file(&socket);
        let own = std::env::current_exe().context("cannot tell where we are")?;
        let bench = own.parent().context("a program without a directory")?;
        let program = bench.with_file_name("oz").join("audio-proxy");
        let child = Command::new(&program)
            .arg("--listen")
            .arg(&socket)
            .arg("--host-socket")
            .arg(host)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let proxy = Self { child, socket };
        let end = Instant::now() + PATIENCE;
        while !proxy.socket.exists() {
            if Instant::now() > end {
                bail!("the audio proxy does not listen");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(proxy)
    }

    /// Percent of a core, and megabytes, while something plays.
    fn playing(&self, time: Duration) -> Result<(f64, Option<f64>)> {
        let pid = self.child.id().cast_signed();
        let mut player = Command::new("pacat")
            .args(["--playback", "--raw", "--rate=44100", "--channels=2"])
            .args(["--latency-msec=100", "/dev/zero"])
            .env("PULSE_SERVER", format!("unix:{}", self.socket.display()))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start pacat")?;
        // Until the stream is there and its first buffer full.
        std::thread::sleep(Duration::from_millis(500));
        let before = processes::cpu_seconds(pid).context("the audio proxy ended")?;
        let start = Instant::now();
        std::thread::sleep(time);
        let used = processes::cpu_seconds(pid).context("the audio proxy ended")? - before;
        let percent = used / start.elapsed().as_secs_f64() * 100.0;
        let megabytes = processes::pss_mb(pid);
        let plays = player.try_wait()?.is_none();
        player.kill()?;
        player.wait()?;
        if !plays {
            bail!("pacat did not play");
        }
        Ok((percent, megabytes))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}
