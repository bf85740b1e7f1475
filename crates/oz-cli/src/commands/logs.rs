//! `oz logs`: what programs said that were started with --detach.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use oz_core::OsBytes;

use crate::arguments::Logs;
use crate::bus::Bus;
use crate::error::Result;
use crate::out;

/// How often a log is looked at that is followed.
const PERIOD: Duration = Duration::from_millis(250);

pub(crate) async fn run(what: Logs) -> Result<u8> {
    let bus = Bus::connect().await?;
    let ids = match what.id {
        Some(id) => vec![id],
        None => bus
            .list()
            .await?
            .into_iter()
            .map(|sandbox| sandbox.id)
            .collect(),
    };
    let many = ids.len() > 1;
    let mut open = Vec::new();
    for id in ids {
        match log(&bus, &id).await {
            Ok(log) => open.push((id, log)),
            // One of many that said nothing is nothing to speak of.
            Err(error) if many && error.is("NotFound") => {}
            Err(error) => return Err(error),
        }
    }
    loop {
        for (id, log) in &mut open {
            let prefix = if many {
                format!("{id}: ")
            } else {
                String::new()
            };
            show(log, &prefix)?;
        }
        if !what.follow {
            return Ok(0);
        }
        tokio::time::sleep(PERIOD).await;
        let mut kept = Vec::new();
        for (id, mut old) in open {
            if bus.get(&id).await.is_err() {
                // It has ended: the rest of it, and no more.
                show(&mut old, "")?;
                continue;
            }
            let replaced = old.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
            let log = if replaced { log(&bus, &id).await? } else { old };
            kept.push((id, log));
        }
        if kept.is_empty() {
            return Ok(0);
        }
        open = kept;
    }
}

async fn log(bus: &Bus, id: &str) -> Result<File> {
    let fd: zbus::OwnedFd = bus.manager("Logs", &(id,)).await?;
    Ok(File::from(OwnedFd::from(fd)))
}

/// What is new in it, made safe for a terminal line by line.
fn show(log: &mut File, prefix: &str) -> Result<()> {
    let mut bytes = Vec::new();
    log.take(2 << 20).read_to_end(&mut bytes)?;
    out::text(&lines(&bytes, prefix))
}

fn lines(bytes: &[u8], prefix: &str) -> String {
    let mut text = String::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // Tabs harm nobody.
        let cells = line.split(|byte| *byte == b'\t');
        let cells: Vec<String> = cells
            .map(|cell| OsBytes::from(cell.to_vec()).to_string())
            .collect();
        text.push_str(prefix);
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_said_cannot_steer_the_terminal() {
        assert_eq!(
            lines(b"a\tb\n\x1b]0;x\x07\xff", "p: "),
            "p: a\tb\np: \\x1b]0;x\\x07\\xff\n"
        );
    }
}
