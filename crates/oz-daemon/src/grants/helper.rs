//! One run of `oz-mount`: a process of the host that enters the sandbox's namespaces, changes what
//! was asked and ends. It has a deadline, because a file system that does not answer can hold it.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use oz_core::wire::mount::{Answer, Granted, Refusal, Request};

use crate::child;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::connection::{Connection, ConnectionError};
use crate::sandbox::{Namespaces, spawn};

const DEADLINE: Duration = Duration::from_secs(5);

/// Asks for changes; one answer for each part of the request.
pub(super) async fn ask(
    program: &Path,
    namespaces: &Namespaces,
    request: &Request,
) -> Result<Vec<Result<Granted, Refusal>>> {
    let parts = match request {
        Request::Add(grants) => grants.len(),
        Request::Remove(granted) => granted.len(),
    };
    if parts == 0 {
        return Ok(Vec::new());
    }
    let (helper, socket) = spawn::with_socket(program, &[])?;
    let talk = async {
        let mut connection = Connection::new(socket)?;
        let fds = [namespaces.user.as_fd(), namespaces.mount.as_fd()];
        connection.send(request, &fds).await?;
        let (answer, _) = connection.receive::<Answer>().await?;
        Ok::<_, ConnectionError>(answer.results)
    };
    let answer = tokio::time::timeout(DEADLINE, talk).await;
    // It has answered or never will.
    helper.kill();
    child::reap(helper);
    match answer {
        Ok(Ok(results)) if results.len() == parts => Ok(results),
        Ok(Ok(_)) => Err(failed("it answered another question")),
        Ok(Err(error)) => Err(failed(&error.to_string())),
        Err(_) => Err(Failure::new(
            Kind::Timeout,
            format!(
                "the files did not appear in the sandbox within {} seconds",
                DEADLINE.as_secs()
            ),
            "The file system that they are on may not answer; try again when it does",
        )),
    }
}

fn failed(why: &str) -> Failure {
    Failure::new(
        Kind::Host,
        format!("the mount helper failed: {why}"),
        "Look at the daemon's log; the sandbox is as it was",
    )
}
