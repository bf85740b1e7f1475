//! `org.freedesktop.portal.Settings`: how the desktop looks. Nothing can be changed by it.
//!
//! <https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html>

use std::collections::BTreeMap;
use std::time::Duration;

use oz_core::wire::portal::{Setting, Value};
use tokio::sync::watch;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, OwnedVariant, Variant};

use crate::PATH;

/// How long an app waits that asks before the daemon has said anything.
const PATIENCE: Duration = Duration::from_secs(3);

type All = BTreeMap<String, BTreeMap<String, OwnedVariant>>;

/// What the daemon has said.
pub struct Known(watch::Sender<Option<Vec<Setting>>>);

impl Known {
    pub fn new() -> (Self, watch::Receiver<Option<Vec<Setting>>>) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), receiver)
    }

    pub fn learn(&self, settings: Vec<Setting>) {
        self.0.send_replace(Some(settings));
    }
}

/// The portal.
pub struct Settings(watch::Receiver<Option<Vec<Setting>>>);

impl Settings {
    pub fn new(known: watch::Receiver<Option<Vec<Setting>>>) -> Self {
        Self(known)
    }

    async fn all(&self) -> Vec<Setting> {
        let mut known = self.0.clone();
        let known = tokio::time::timeout(PATIENCE, known.wait_for(Option::is_some)).await;
        match known {
            Ok(Ok(known)) => known.clone().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    async fn find(&self, namespace: &str, key: &str) -> Result<OwnedVariant, Error> {
        let all = self.all().await;
        let mut all = all.iter();
        all.find(|setting| setting.namespace == namespace && setting.key == key)
            .and_then(|setting| value(&setting.value))
            .ok_or_else(|| Error::NotFound("there is no such setting".to_owned()))
    }
}

/// Errors of portals.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.portal.Error")]
enum Error {
    NotFound(String),
    Failed(String),
}

#[zbus::interface(name = "org.freedesktop.portal.Settings", introspection_docs = false)]
impl Settings {
    /// All in namespaces that fit; an error if there are none. Toolkits take the absence of a setting in an answer for a word
    /// about it (no smooth fonts), and the absence of an answer for what it is: they look elsewhere.
    #[zbus(out_args("value"))]
    async fn read_all(&self, namespaces: Vec<String>) -> Result<All, Error> {
        let mut all = All::new();
        for setting in self.all().await {
            if fits(&namespaces, &setting.namespace)
                && let Some(value) = value(&setting.value)
            {
                let of = all.entry(setting.namespace).or_default();
                of.insert(setting.key, value);
            }
        }
        if all.is_empty() {
            let what = "the desktop says nothing of that";
            return Err(Error::NotFound(what.to_owned()));
        }
        Ok(all)
    }

    /// One, in a variant within a variant, as it has always been.
    #[zbus(out_args("value"))]
    async fn read(&self, namespace: &str, key: &str) -> Result<OwnedVariant, Error> {
        let value = self.find(namespace, key).await?;
        let nested = Variant::Variant(Box::new(Variant::from(value)));
        OwnedVariant::try_from(nested).map_err(|_| Error::Failed("it has no value".to_owned()))
    }

    /// One.
    #[zbus(out_args("value"))]
    async fn read_one(&self, namespace: &str, key: &str) -> Result<OwnedVariant, Error> {
        self.find(namespace, key).await
    }

    #[zbus(signal)]
    async fn setting_changed(
        emitter: &SignalEmitter<'_>,
        namespace: &str,
        key: &str,
        value: Variant<'_>,
    ) -> zbus::Result<()>;

    #[zbus(property(emits_changed_signal = "const"), name = "version")]
    fn version(&self) -> u32 {
        2
    }
}

/// Says what changes, until the bus is gone.
pub async fn announce(bus: Connection, mut known: watch::Receiver<Option<Vec<Setting>>>) {
    let Ok(emitter) = SignalEmitter::new(&bus, PATH) else {
        return;
    };
    let mut before: Option<Vec<Setting>> = None;
    while known.changed().await.is_ok() {
        let now = known.borrow_and_update().clone();
        let (old, new) = (before.take(), now.clone().unwrap_or_default());
        before = now;
        let Some(old) = old else {
            continue;
        };
        for setting in new.iter().filter(|setting| !old.contains(setting)) {
            let Some(value) = value(&setting.value) else {
                continue;
            };
            let (namespace, key) = (&setting.namespace, &setting.key);
            let told = Settings::setting_changed(&emitter, namespace, key, value.into()).await;
            if told.is_err() {
                return;
            }
        }
    }
}

/// Whether one of the patterns is the namespace, or one of what is above it, with a star for the rest. None and
/// the empty one are all.
fn fits(patterns: &[String], namespace: &str) -> bool {
    let fits = |pattern: &String| match pattern.strip_suffix('*') {
        Some(start) => namespace.starts_with(start),
        None => pattern.is_empty() || pattern == namespace,
    };
    patterns.is_empty() || patterns.iter().any(fits)
}

fn value(value: &Value) -> Option<OwnedVariant> {
    let value = match value {
        Value::Bool(value) => Variant::from(*value),
        Value::Int(value) => Variant::from(*value),
        Value::Unsigned(value) => Variant::from(*value),
        Value::Double(value) => Variant::from(*value),
        Value::Text(value) => Variant::from(value.clone()),
        Value::Texts(value) => Variant::from(value.clone()),
        Value::Colour(red, green, blue) => Variant::new((*red, *green, *blue)),
    };
    value.try_into().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn namespaces_are_asked_for_as_such_or_by_their_beginning() {
        let fits =
            |pattern: &str| super::fits(&[pattern.to_owned()], "org.gnome.desktop.interface");
        assert!(
            fits("org.gnome.desktop.interface") && fits("org.gnome.*") && fits("") && fits("*")
        );
        assert!(!fits("org.gnome.desktop") && !fits("org.kde.*"));
        assert!(super::fits(&[], "a"));
    }
}
