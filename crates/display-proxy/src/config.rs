//! What the daemon tells the proxy, once, at the start.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The settings of one proxy, which serves exactly one sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The sandbox's readable name, for logs.
    pub sandbox: String,
    /// The host compositor's socket.
    pub host_socket: PathBuf,
    /// The application id that the host sees for every window; the app's own when absent.
    #[serde(default)]
    pub app_id: Option<String>,
    /// Which way text may pass between the sandbox and the host.
    #[serde(default)]
    pub clipboard: Clipboard,
    /// Whether the host maps the app's own memory or a copy.
    #[serde(default)]
    pub buffers: Buffers,
    /// The token of the click that started the app: its first window may take the focus.
    #[serde(default)]
    pub activation_token: Option<String>,
}

/// Directions of the clipboard, seen from the sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clipboard {
    /// Text passes both ways.
    #[default]
    Both,
    /// Text passes from the host into the sandbox only.
    In,
    /// Text passes from the sandbox to the host only.
    Out,
    /// Nothing passes; copying within the sandbox works.
    Off,
}

impl Clipboard {
    /// Whether the sandbox may read what the host offers.
    #[must_use]
    pub fn lets_in(self) -> bool {
        matches!(self, Self::Both | Self::In)
    }

    /// Whether the host may read what the sandbox offers.
    #[must_use]
    pub fn lets_out(self) -> bool {
        matches!(self, Self::Both | Self::Out)
    }
}

/// How pixels reach the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Buffers {
    /// The host maps the app's memory where that is safe.
    #[default]
    Shared,
    /// The host only ever maps memory of the proxy.
    Copied,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not JSON, or not of the expected shape.
    #[error("the configuration cannot be read")]
    Json(#[from] serde_json::Error),
    /// The host's socket must not depend on the working directory.
    #[error("host_socket must be an absolute path")]
    RelativeSocket,
    /// Sent to the host with every window.
    #[error("app_id is longer than {} bytes", crate::policy::APP_ID_MAX)]
    AppIdTooLong,
}

impl Config {
    /// A configuration with the defaults of everything but the host's socket.
    #[must_use]
    pub fn for_host(host_socket: PathBuf) -> Self {
        Self {
            sandbox: String::new(),
            host_socket,
            app_id: None,
            clipboard: Clipboard::default(),
            buffers: Buffers::default(),
            activation_token: None,
        }
    }

    /// Reads a configuration and checks what the types cannot say.
    ///
    /// # Errors
    /// When it is not the expected JSON, or a value is out of its range.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        let config: Self = serde_json::from_slice(json)?;
        if !config.host_socket.is_absolute() {
            return Err(ConfigError::RelativeSocket);
        }
        if config
            .app_id
            .as_ref()
            .is_some_and(|id| id.len() > crate::policy::APP_ID_MAX)
        {
            return Err(ConfigError::AppIdTooLong);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_filled_in() {
        let config = Config::parse(br#"{"sandbox":"gedit","host_socket":"/run/w"}"#).unwrap();
        assert_eq!(config.clipboard, Clipboard::Both);
        assert_eq!(config.buffers, Buffers::Shared);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(Config::parse(br#"{"sandbox":"a","host_socket":"/w","colour":"red"}"#).is_err());
    }

    #[test]
    fn the_socket_must_be_absolute() {
        let error = Config::parse(br#"{"sandbox":"a","host_socket":"w"}"#).unwrap_err();
        assert!(matches!(error, ConfigError::RelativeSocket));
    }
}
