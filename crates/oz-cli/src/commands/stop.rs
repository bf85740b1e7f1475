//! `oz stop`: end a sandbox, or all.

use std::collections::HashMap;
use std::time::Duration;

use oz_host::inits::{self, Init};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, pidfd_send_signal};

use crate::arguments::Stop;
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::out;

/// How long the session bus may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the kernel may take to end a sandbox, in seconds.
const END: i64 = 30;

pub(crate) fn run(what: &Stop) -> Result<u8> {
    match crate::block_on(ask(what)) {
        // An app that uses up what the kernel gives to the user can keep everybody from the bus, and is
        // to be ended all the more.
        Err(error) if error.is_no_bus() => by_force(what, error),
        result => result,
    }
}

/// In order, by the daemon.
async fn ask(what: &Stop) -> Result<u8> {
    let bus = tokio::time::timeout(PATIENCE, Bus::connect());
    let bus = bus
        .await
        .map_err(|_| Error::no_bus("it does not answer"))??;
    let options: HashMap<String, zbus::OwnedVariant> = HashMap::new();
    match &what.id {
        Some(id) => bus.stop(id).await?,
        None => bus.manager::<_, ()>("StopAll", &(options,)).await?,
    }
    Ok(0)
}

/// At once, without daemon and bus: by the first process of each, with which all others go.
fn by_force(what: &Stop, no_bus: Error) -> Result<u8> {
    let wanted = |id: &str| what.id.as_deref().is_none_or(|wanted| wanted == id);
    let all = inits::list().into_iter();
    let mut ended = Vec::new();
    for (id, init) in all.filter(|(id, _)| wanted(id.as_str())) {
        if kill(init)? {
            ended.push(id.to_string());
        }
    }
    if ended.is_empty() {
        return Err(no_bus);
    }
    out::note(&format!(
        "the session bus takes no connection: {} had no time to end in order.",
        ended.join(", ")
    ));
    Ok(0)
}

/// Whether there was something to kill; it is gone then.
fn kill(init: Init) -> Result<bool> {
    let Ok(process) = init.open() else {
        return Ok(false);
    };
    if pidfd_send_signal(&process, Signal::KILL).is_err() {
        return Ok(false);
    }
    let end = Timespec {
        tv_sec: END,
        tv_nsec: 0,
    };
    match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&end)) {
        Ok(0) => Err(Error::failed(
            "a sandbox did not end, not even when killed.",
            "A process in it hangs in the kernel, mostly on a file system that does not answer.",
        )),
        _ => Ok(true),
    }
}
