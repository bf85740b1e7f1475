//! How the desktop looks, as its own portal says it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oz_core::wire::portal::{Setting, Value};
use tokio::sync::watch;
use tokio_stream::StreamExt;
use zbus::{Array, Connection, MatchRule, MessageStream, OwnedVariant, Variant};

use crate::daemon::Daemon;
use crate::owner::{self, Owner, STARTING};

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const INTERFACE: &str = "org.freedesktop.portal.Settings";

/// Longest text of a value, in bytes.
const TEXT_MAX: usize = 1024;
/// Most texts of a value.
const TEXTS_MAX: usize = 64;

/// What sandboxes are told of, each with its reason; nothing else of the desktop's settings is.
const TOLD: &[(&str, &[&str], &str)] = &[
    (
        "org.freedesktop.appearance",
        &["color-scheme", "accent-color", "contrast", "reduced-motion"],
        "dark or light, and the colour of what is chosen",
    ),
    (
        "org.gnome.desktop.interface",
        &[
            "color-scheme",
            "gtk-theme",
            "icon-theme",
            "cursor-theme",
            "cursor-size",
            "cursor-blink",
            "cursor-blink-time",
            "cursor-blink-timeout",
            "font-name",
            "document-font-name",
            "monospace-font-name",
            "font-antialiasing",
            "font-hinting",
            "font-rgba-order",
            "text-scaling-factor",
            "enable-animations",
            "gtk-enable-primary-paste",
            "overlay-scrolling",
            "gtk-key-theme",
        ],
        "looks of GTK apps",
    ),
    (
        "org.gnome.desktop.wm.preferences",
        &[
            "button-layout",
            "action-double-click-titlebar",
            "action-middle-click-titlebar",
            "action-right-click-titlebar",
        ],
        "frames that apps draw themselves",
    ),
    (
        "org.gnome.desktop.peripherals.mouse",
        &["double-click", "drag-threshold"],
        "what counts as a double click",
    ),
    (
        "org.gnome.desktop.a11y",
        &["always-show-text-caret"],
        "who needs it needs it everywhere",
    ),
    (
        "org.gnome.desktop.a11y.interface",
        &["high-contrast", "show-status-shapes"],
        "likewise",
    ),
    (
        "org.gnome.settings-daemon.plugins.xsettings",
        &["antialiasing", "hinting", "rgba"],
        "drawing of fonts, by its older name",
    ),
    ("org.gnome.fontconfig", &["serial"], "when fonts were added"),
    (
        "org.kde.kdeglobals.General",
        &[
            "ColorScheme",
            "font",
            "fixed",
            "menuFont",
            "smallestReadableFont",
            "toolBarFont",
        ],
        "looks of Qt apps",
    ),
    ("org.kde.kdeglobals.KDE", &["widgetStyle"], "likewise"),
    ("org.kde.kdeglobals.Icons", &["Theme"], "likewise"),
];

type Known = Option<Vec<Setting>>;

/// What is known, by the first who wants to know it.
#[derive(Default)]
pub(super) struct Settings {
    known: watch::Sender<Known>,
    begun: AtomicBool,
}

impl Settings {
    pub(super) fn follow(&self, daemon: &Arc<Daemon>) -> watch::Receiver<Known> {
        if let Some(bus) = daemon.bus.get()
            && !self.begun.swap(true, Ordering::Relaxed)
        {
            tokio::spawn(keep(bus.clone(), self.known.clone()));
        }
        let mut known = self.known.subscribe();
        // Whoever comes later has not seen what is known already.
        known.mark_changed();
        known
    }
}

/// Follows the portal as long as there is a bus, and the next one after it.
async fn keep(bus: Connection, known: watch::Sender<Known>) {
    // It is started once; should it end, somebody else has to want it again.
    let mut start = true;
    while !bus.is_closed() {
        if let Some(portal) = Portal::find(&bus, start).await {
            portal.follow(&known).await;
        }
        // What was known stays: the portal may only have been replaced.
        known.send_if_modified(|known| {
            let unknown = known.is_none();
            known.get_or_insert_default();
            unknown
        });
        start = false;
        if owner::appears(&bus, NAME).await.is_none() {
            return;
        }
    }
}

struct Portal {
    bus: Connection,
    owner: Owner,
    changes: MessageStream,
}

impl Portal {
    async fn find(bus: &Connection, start: bool) -> Option<Self> {
        let owner = Owner::of(bus, NAME, start).await?;
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .sender(owner.name.clone())
            .interface(INTERFACE)
            .path(PATH)
            .member("SettingChanged")
            .build()
            .ok()?;
        let changes = MessageStream::for_match_rule(rule, bus, None).await.ok()?;
        Some(Self {
            bus: bus.clone(),
            owner,
            changes,
        })
    }

    /// Says what is so and what changes, until it is gone.
    async fn follow(mut self, known: &watch::Sender<Known>) {
        let mut all = self.read_all().await;
        known.send_replace(Some(all.clone()));
        loop {
            let message = tokio::select! {
                () = self.owner.lost() => return,
                message = self.changes.next() => message,
            };
            let Some(Ok(message)) = message else {
                return;
            };
            if message.header().sender().map(|name| name.as_str()) != Some(&*self.owner.name) {
                continue;
            }
            let body = message.body();
            let change = body.deserialize::<(String, String, Variant<'_>)>();
            let Ok((namespace, key, value)) = change else {
                continue;
            };
            if is_told(&namespace, &key)
                && let Some(value) = self::value(&value)
            {
                all.retain(|one| one.namespace != namespace || one.key != key);
                all.push(Setting {
                    namespace,
                    key,
                    value,
                });
                known.send_replace(Some(all.clone()));
            }
        }
    }

    async fn read_all(&self) -> Vec<Setting> {
        type Read =
            std::collections::HashMap<String, std::collections::HashMap<String, OwnedVariant>>;
        let namespaces: Vec<&str> = TOLD.iter().map(|(namespace, ..)| *namespace).collect();
        let (bus, name, read) = (&self.bus, &self.owner.name, (namespaces,));
        let reply =
            owner::call_within(STARTING, bus, name, PATH, INTERFACE, "ReadAll", &read).await;
        let read = reply.and_then(|reply| reply.body().deserialize::<Read>().ok());
        let mut all = Vec::new();
        for (namespace, values) in read.unwrap_or_default() {
            for (key, value) in values {
                if is_told(&namespace, &key)
                    && let Some(value) = self::value(&value)
                {
                    all.push(Setting {
                        namespace: namespace.clone(),
                        key,
                        value,
                    });
                }
            }
        }
        all
    }
}

fn is_told(namespace: &str, key: &str) -> bool {
    TOLD.iter()
        .any(|(told, keys, _)| *told == namespace && keys.contains(&key))
}

/// What a sandbox is told of a value; nothing of kinds that no setting has.
fn value(value: &Variant<'_>) -> Option<Value> {
    let text = |text: &str| (text.len() <= TEXT_MAX).then(|| text.to_owned());
    Some(match value {
        Variant::Variant(inner) => return self::value(inner),
        Variant::Bool(value) => Value::Bool(*value),
        Variant::I32(value) => Value::Int(*value),
        Variant::U32(value) => Value::Unsigned(*value),
        Variant::F64(value) => Value::Double(*value),
        Variant::Str(value) => Value::Text(text(value.as_str())?),
        Variant::Array(array) => Value::Texts(texts(array)?),
        Variant::Structure(_) => {
            let value = value.try_clone().ok()?;
            let (red, green, blue) = <(f64, f64, f64)>::try_from(value).ok()?;
            Value::Colour(red, green, blue)
        }
        _ => return None,
    })
}

fn texts(array: &Array<'_>) -> Option<Vec<String>> {
    let texts = array.inner().iter().map(|one| match one {
        Variant::Str(text) if text.len() <= TEXT_MAX => Some(text.to_string()),
        _ => None,
    });
    let texts: Option<Vec<String>> = texts.collect();
    texts.filter(|texts| texts.len() <= TEXTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_told() {
        assert!(is_told("org.freedesktop.appearance", "color-scheme"));
        assert!(!is_told("org.freedesktop.appearance", "font-name"));
        assert!(!is_told(
            "org.gnome.desktop.privacy",
            "recent-files-max-age"
        ));
    }

    #[test]
    fn values_keep_their_kind() {
        let told = |variant: Variant<'_>| value(&variant);
        assert_eq!(told(Variant::from(1_u32)), Some(Value::Unsigned(1)));
        assert_eq!(
            told(Variant::from("Cantarell 11")),
            Some(Value::Text("Cantarell 11".into()))
        );
        let nested = Variant::Variant(Box::new(Variant::from(true)));
        assert_eq!(told(nested), Some(Value::Bool(true)));
        let colour = Variant::new((0.1, 0.2, 0.3));
        assert_eq!(told(colour), Some(Value::Colour(0.1, 0.2, 0.3)));
        assert_eq!(
            told(Variant::from(vec!["a", "b"])),
            Some(Value::Texts(vec!["a".into(), "b".into()]))
        );
        assert_eq!(told(Variant::from("x".repeat(TEXT_MAX + 1))), None);
    }
}
