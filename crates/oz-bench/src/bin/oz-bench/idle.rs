//! What a sandbox costs in which nothing happens.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// What `oz ps --json` says of a sandbox.
#[derive(Deserialize)]
struct Sandbox {
    id: String,
    pid: i32,
}

/// Memory of a sandbox's own processes in kilobytes, beside its app: the median of so many that
/// run at once.
///
/// Nobody may look into an init, so its pages are counted instead: those that are its own, and an
/// equal part of those that all of them share.
pub(crate) fn kilobytes_each(count: usize) -> Result<f64> {
    let mut ids = Vec::new();
    let measured = start(count, &mut ids).and_then(|()| measure(&ids));
    for id in &ids {
        let _ = said(&["stop", id]);
    }
    measured
}

fn start(count: usize, ids: &mut Vec<String>) -> Result<()> {
    for _ in 0..count {
        let id = said(&["run", "--detach", "--", "/usr/bin/sleep", "1000"])?;
        ids.push(id.trim().to_owned());
    }
    // What a start has left behind goes.
    std::thread::sleep(std::time::Duration::from_secs(1));
    Ok(())
}

/// The same of sandboxes that run.
pub(crate) fn measure(ids: &[String]) -> Result<f64> {
    let list: Vec<Sandbox> = serde_json::from_str(&said(&["ps", "--json"])?)?;
    let mut each = Vec::new();
    for sandbox in list.iter().filter(|sandbox| ids.contains(&sandbox.id)) {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", sandbox.pid))?;
        each.push(kilobytes(&statm, ids.len()).context("/proc/PID/statm is not understood")?);
    }
    ensure!(each.len() == ids.len(), "some sandboxes ended");
    oz_bench::stats::median(&each).context("nothing was measured")
}

/// From the size, the resident pages and the shared ones among them, in pages.
fn kilobytes(statm: &str, sharers: usize) -> Option<f64> {
    let mut fields = statm.split(' ').skip(1);
    let mut pages = || fields.next()?.parse::<u32>().ok().map(f64::from);
    let (resident, shared) = (pages()?, pages()?);
    let sharers = f64::from(u32::try_from(sharers).ok()?);
    let page = u32::try_from(rustix::param::page_size()).ok()?;
    Some((resident - shared + shared / sharers) * f64::from(page) / 1024.0)
}

/// What a command of `oz` prints.
pub(crate) fn said(arguments: &[&str]) -> Result<String> {
    let output = Command::new("oz")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("cannot start oz")?;
    if !output.status.success() {
        bail!(
            "oz {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_pages_are_divided() {
        let page = f64::from(u32::try_from(rustix::param::page_size()).expect("small"));
        let measured = kilobytes("300 50 40 1 0 9 0\n", 8).expect("understood");
        assert!((measured - 15.0 * page / 1024.0).abs() < 0.001);
        assert_eq!(kilobytes("300", 8), None);
    }
}
