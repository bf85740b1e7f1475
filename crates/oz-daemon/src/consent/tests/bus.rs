//! A session bus of a test's own, with the room on it as the daemon has it.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use zbus::Connection;

use crate::consent::Consent;
use crate::consent::question::{Answer, Question};
use crate::consent::queue::{DELAY, Who};
use crate::consent::room::Clock;
use crate::control::{self, Prompts};

/// For what must happen, on a busy machine.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// The bus, and the room.
pub(super) struct House {
    pub(super) consent: Arc<Consent>,
    pub(super) daemon: Connection,
    /// Milliseconds since the beginning, which pass when a test says so.
    time: Arc<AtomicU64>,
    address: String,
    server: Child,
    _directory: tempfile::TempDir,
}

impl House {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let address = format!("unix:path={}/bus", directory.path().display());
        let config = directory.path().join("bus.conf");
        std::fs::write(&config, config_of(&address)).expect("written");
        let server = Command::new("dbus-daemon")
            .arg("--nofork")
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed");
        let daemon = wait_for("the bus", || connect(&address)).await;
        let consent = Arc::<Consent>::default();
        let object = Prompts::new(Arc::clone(&consent));
        let served = daemon.object_server().at(control::ROOT, object).await;
        served.expect("served");
        let time = Arc::<AtomicU64>::default();
        consent.open_with(&daemon, clock(Arc::clone(&time)));
        let announce = control::announce_prompts(daemon.clone(), Arc::clone(&consent));
        tokio::spawn(announce);
        Self {
            consent,
            daemon,
            time,
            address,
            server,
            _directory: directory,
        }
    }

    /// Time passes, enough for an answer to count.
    pub(super) fn read_it(&self) {
        let delay = u64::try_from(DELAY.as_millis()).expect("short");
        self.time.fetch_add(delay, Ordering::Relaxed);
    }

    /// Another program on the bus.
    pub(super) async fn connect(&self) -> Connection {
        connect(&self.address).await.expect("connects")
    }

    /// A sandbox asks.
    pub(super) fn ask(&self, sandbox: &str, question: Question) -> JoinHandle<Answer> {
        let consent = Arc::clone(&self.consent);
        let who = Who {
            sandbox: sandbox.parse().expect("a name"),
            profile: "generic".to_owned(),
            name: format!("The {sandbox}"),
        };
        tokio::spawn(async move { consent.raise(who, question).await })
    }

    /// Waits until somebody shows the prompt that is up; returns its number.
    pub(super) async fn shown(&self, by: &str) -> String {
        let mut prompts = self.consent.prompts();
        let shown = prompts.wait_for(|list| list.iter().any(|prompt| prompt.shown() == by));
        let list = within("a prompt on a screen", shown).await.expect("open");
        let prompt = list.iter().find(|prompt| prompt.shown() == by);
        prompt.expect("there").id()
    }

    /// Waits until no prompt is up.
    pub(super) async fn quiet(&self) {
        let mut prompts = self.consent.prompts();
        let none = prompts.wait_for(|list| list.is_empty());
        within("no prompt", none).await.expect("open");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What the daemon answers to a call of `org.oz.Prompts1`: nothing, or the error's name.
pub(super) async fn answer(
    from: &Connection,
    to: &House,
    method: &str,
    prompt: &str,
    yes: bool,
) -> Result<(), String> {
    let daemon = to.daemon.unique_name().expect("a name").as_str();
    let (interface, arguments) = (Some("org.oz.Prompts1"), (prompt, yes));
    let call = from.call_method(Some(daemon), control::ROOT, interface, method, &arguments);
    match within("an answer's answer", call).await {
        Ok(_) => Ok(()),
        Err(zbus::Error::MethodError(name, ..)) => Err(name.to_string()),
        Err(other) => panic!("{other}"),
    }
}

/// What must come within [`LONG`].
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(LONG, future).await;
    result.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// The answer of a sandbox's question.
pub(super) async fn told(asked: JoinHandle<Answer>) -> Answer {
    within("the answer", asked).await.expect("no panic")
}

/// Asks again and again until there is an answer.
pub(super) async fn wait_for<T, E, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, E>>,
{
    let answer = async {
        loop {
            if let Ok(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within(what, answer).await
}

fn clock(time: Arc<AtomicU64>) -> Clock {
    let start = Instant::now();
    Box::new(move || start + Duration::from_millis(time.load(Ordering::Relaxed)))
}

async fn connect(address: &str) -> zbus::Result<Connection> {
    zbus::connection::Builder::address(address).build().await
}

fn config_of(address: &str) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}
