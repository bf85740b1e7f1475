//! The prober of `oz check`, run without a sandbox around it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use oz_core::plan::Plan;
use oz_core::report::State;
use oz_core::wire::check::{Around, Ask, Evidence};
use oz_core::wire::{Reader, encode, frame};

use crate::{Run, oz};

/// What it finds, with the plan of a launch by these words and what is around it.
pub fn outside(launch: &[&str], around: Around) -> Evidence {
    use std::os::linux::net::SocketAddrExt;
    let plan = oz(["plan", "--json"]).args(launch).run().ok();
    let plan: Plan = serde_json::from_slice(&plan.out).expect("a plan");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let name = format!("oz-prober-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a name");
    let _socket = std::os::unix::net::UnixListener::bind_addr(&address).expect("a socket");
    let ask = Ask {
        plan: Box::new(plan),
        ports: vec![listener.local_addr().expect("an address")],
        abstract_socket: name.as_str().into(),
        around,
    };
    let own = Run::sh("command -v oz").run().ok().text();
    let own = PathBuf::from(own).canonicalize().expect("a path");
    let prefix = own.ancestors().nth(2).expect("a prefix");
    let mut child = Command::new(prefix.join("libexec/oz/oz-check"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(&encode(&ask, 0).expect("encodes"))
        .expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let mut reader = Reader::<()>::new(frame::MAX_UNTRUSTED);
    reader.push(&output.stdout, []);
    let frame = reader.next().expect("a frame").expect("a whole one");
    frame.decode().expect("evidence")
}

/// How far a claim was found to hold.
pub fn state(evidence: &Evidence, claim: &str) -> (State, String) {
    let mut findings = evidence.findings.iter();
    let finding = findings.find(|finding| finding.claim == claim);
    let finding = finding.unwrap_or_else(|| panic!("nobody tried whether {claim}"));
    (finding.state, finding.detail.clone())
}
