//! A service manager that does not do what it says, on the session bus.
//!
//! `oz-fake-systemd HOW FILE` has the name of systemd's manager of the user, appends to the file each
//! scope that it is asked for, one JSON object a line, and does with it what HOW says. It moves no
//! process: that needs the real one. It says `ready` when it can be asked.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use zbus::object_server::SignalEmitter;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, fdo};

const NAME: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
/// Longer than anybody waits.
const LATE: Duration = Duration::from_secs(8);

/// What it does.
#[derive(Clone, Copy)]
enum How {
    /// Says that it was done, and has not.
    Lie,
    /// Lies, and does not know of policies for a process that takes too much memory.
    Old,
    /// Answers with an error.
    Refuse,
    /// Takes the job, which fails.
    Fail,
    /// Takes the job and says no more of it.
    Forget,
    /// Never answers.
    Silent,
    /// Says that it was done, when nobody waits any more.
    Late,
    /// Is gone at the first call.
    Leave,
}

struct Manager {
    how: How,
    file: PathBuf,
}

type Properties = Vec<(String, OwnedVariant)>;

#[zbus::interface(name = "org.freedesktop.systemd1.Manager", introspection_docs = false)]
impl Manager {
    async fn start_transient_unit(
        &self,
        name: String,
        mode: String,
        properties: Properties,
        _auxiliary: Vec<(String, Properties)>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<OwnedObjectPath> {
        self.write_down(&name, &mode, &properties)
            .map_err(|error| fdo::Error::Failed(error.to_string()))?;
        let job = ObjectPath::try_from("/org/freedesktop/systemd1/job/7")
            .map_err(|error| fdo::Error::Failed(error.to_string()))?;
        let result = match self.how {
            How::Old if properties.iter().any(|(name, _)| name == "OOMPolicy") => {
                let unknown = "Cannot set property OOMPolicy, or unknown property.";
                return Err(fdo::Error::PropertyReadOnly(unknown.to_owned()));
            }
            How::Refuse => return Err(fdo::Error::Failed("no scopes today".to_owned())),
            How::Leave => std::process::exit(0),
            How::Silent => return std::future::pending().await,
            How::Late => {
                tokio::time::sleep(LATE).await;
                "done"
            }
            How::Forget => return Ok(job.into()),
            How::Lie | How::Old => "done",
            How::Fail => "failed",
        };
        let emitter = emitter.to_owned();
        let of = OwnedObjectPath::from(job.clone());
        tokio::spawn(async move {
            // Behind the answer, as the real one does.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let _ = Self::job_removed(&emitter, 7, of, &name, result).await;
        });
        Ok(job.into())
    }

    #[zbus(signal)]
    async fn job_removed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        job: OwnedObjectPath,
        unit: &str,
        result: &str,
    ) -> zbus::Result<()>;
}

impl Manager {
    fn write_down(&self, name: &str, mode: &str, properties: &Properties) -> Result<()> {
        let properties = properties
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)));
        let properties: BTreeMap<String, Value> = properties.collect();
        let call = json!({ "name": name, "mode": mode, "properties": properties });
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?;
        Ok(writeln!(file, "{call}")?)
    }
}

/// What properties of units are: text, truth, numbers, lists of numbers.
fn plain(value: &OwnedVariant) -> Value {
    if let Ok(text) = <&str>::try_from(value) {
        return text.into();
    }
    if let Ok(truth) = bool::try_from(value) {
        return truth.into();
    }
    if let Ok(number) = u64::try_from(value) {
        return number.into();
    }
    match value.try_clone().map(Vec::<u32>::try_from) {
        Ok(Ok(list)) => list.into(),
        _ => Value::Null,
    }
}

fn how(word: &str) -> Result<How> {
    Ok(match word {
        "lie" => How::Lie,
        "old" => How::Old,
        "refuse" => How::Refuse,
        "fail" => How::Fail,
        "forget" => How::Forget,
        "silent" => How::Silent,
        "late" => How::Late,
        "leave" => How::Leave,
        _ => bail!("{word:?} is nothing that it does"),
    })
}

async fn serve(words: &[String]) -> Result<()> {
    let [how_word, file] = words else {
        bail!("usage: oz-fake-systemd HOW FILE");
    };
    let manager = Manager {
        how: how(how_word)?,
        file: file.into(),
    };
    let bus: Connection = zbus::connection::Builder::session()
        .serve_at(PATH, manager)
        .name(NAME)
        .build()
        .await
        .context("cannot be the service manager")?;
    writeln!(io::stdout(), "ready")?;
    bus.closed().await;
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(serve(&words)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "oz-fake-systemd: {error:#}");
            ExitCode::FAILURE
        }
    }
}
