//! What the daemon tells the proxy, once, at the start.

pub use oz_core::plan::{Buffers, Clipboard, Content, Mark, Passage};
pub use oz_core::wire::display::{Config, Host};

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not JSON, or not of the expected shape.
    #[error("the configuration cannot be read")]
    Json(#[from] serde_json::Error),
    /// The host's socket must not depend on the working directory.
    #[error("the host's socket must be an absolute path")]
    RelativeSocket,
    /// Sent to the host with every window.
    #[error("app_id is longer than {} bytes", crate::policy::APP_ID_MAX)]
    AppIdTooLong,
}

/// A configuration with the defaults of everything but the host.
#[must_use]
pub fn for_host(host: Host) -> Config {
    Config {
        sandbox: String::new(),
        host,
        app_id: None,
        clipboard: Clipboard::default(),
        clipboard_in: Passage::default(),
        clipboard_out: Passage::default(),
        drops: false,
        token: String::new(),
        buffers: Buffers::default(),
        mark: Mark::default(),
        colour: None,
        font: None,
        activation_token: None,
        acted: None,
        shortcuts: false,
        gpu: false,
    }
}

/// Reads a configuration and checks what the types cannot say.
///
/// # Errors
/// When it is not the expected JSON, or a value is out of its range.
pub fn parse(json: &[u8]) -> Result<Config, ConfigError> {
    let config: Config = serde_json::from_slice(json)?;
    if !config.host.socket().is_absolute() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_filled_in() {
        let config = parse(br#"{"sandbox":"gedit","host":{"wayland":"/run/w"}}"#).unwrap();
        assert_eq!(config.clipboard, Clipboard::Both);
        assert_eq!(config.buffers, Buffers::Shared);
        assert!(!config.drops);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(parse(br#"{"sandbox":"a","host":{"wayland":"/w"},"taste":"red"}"#).is_err());
    }

    #[test]
    fn the_socket_must_be_absolute() {
        let error = parse(br#"{"sandbox":"a","host":{"wayland":"w"}}"#).unwrap_err();
        assert!(matches!(error, ConfigError::RelativeSocket));
    }
}
