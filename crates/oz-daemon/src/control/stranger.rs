//! `org.oz.Stranger1`: a sandbox of another version, at the place where it would be if it were of this.

use std::sync::Arc;
use std::time::Duration;

use super::sandbox::StopOptions;
use crate::failure::Result;
use crate::strangers::{GRACE, Stranger};

/// The object of one.
pub(crate) struct StrangerObject(pub(super) Arc<Stranger>);

#[zbus::interface(name = "org.oz.Stranger1")]
impl StrangerObject {
    /// The sandbox's name.
    #[zbus(property(emits_changed_signal = "const"))]
    fn id(&self) -> &str {
        self.0.id.as_str()
    }

    /// The profile that it follows; empty if it is not known.
    #[zbus(property(emits_changed_signal = "const"))]
    fn profile(&self) -> &str {
        &self.0.profile
    }

    /// Init's number on the host.
    #[zbus(property(emits_changed_signal = "const"))]
    fn pid(&self) -> u32 {
        self.0.pid.try_into().unwrap_or(0)
    }

    /// Seconds since 1970 at which it was started.
    #[zbus(property(emits_changed_signal = "const"))]
    fn started(&self) -> u64 {
        self.0.started
    }

    /// Asks its programs to end and kills what does not.
    async fn stop(&self, options: StopOptions) -> Result<()> {
        let grace = options.grace_ms.map(|ms| Duration::from_millis(ms.into()));
        self.0.stop(grace.unwrap_or(GRACE)).await
    }
}
