//! Profiles of this installation, read and changed where no window waits.

use gtk::gio;
use oz_core::profile::Profile;
use oz_host::profile_edit::{self, Change};
use oz_host::profiles::Directories;

use crate::bus::Result;
use crate::words::tr;

/// Changes the user's file of an app's profile; what holds then.
pub(super) async fn change(profile: &str, changes: Vec<Change>) -> Result<Profile> {
    let name = profile.to_owned();
    away(move || {
        let directories = Directories::of_this_installation();
        let changed = profile_edit::change(&directories, &name, &changes);
        changed.map_err(|error| error.to_string())
    })
    .await
}

/// Does something that may take its time beside the windows.
pub(super) async fn away<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = gio::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(tr("It went wrong in a way that should not be.")))
}
