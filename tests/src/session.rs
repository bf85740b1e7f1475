//! The desktop that a test has to itself while it runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use oz_testkit::desktop;

use crate::{Run, cli, wait};

/// One desktop, one test at a time.
static TURN: Mutex<()> = Mutex::new(());

static STILL: Once = Once::new();

/// Has text cursors not blink, on the host and in sandboxes: a window with one comes to rest only after a while otherwise.
fn hold_cursors_still() {
    let key = ["org.gnome.desktop.interface", "cursor-blink"];
    let is_known = Run::new("gsettings", ["writable"]).args(key).run();
    // A machine without desktop apps has no such settings.
    if is_known.code == 0 {
        let set = Run::new("gsettings", ["set"]).args(key).arg("false");
        set.run().ok();
    }
    // Where nobody tells an X server's clients the desktop's settings, they read them from files.
    for version in ["3", "4"] {
        let dir = home().join(format!(".config/gtk-{version}.0"));
        fs::create_dir_all(&dir).expect("a directory of settings can be made");
        fs::write(
            dir.join("settings.ini"),
            "[Settings]\ngtk-cursor-blink=false\n",
        )
        .expect("settings can be written");
    }
}

/// The desktop, held by one test.
pub struct Session {
    desktop: desktop::Session,
    /// None for another view of the same.
    turn: Option<MutexGuard<'static, ()>>,
}

impl std::ops::Deref for Session {
    type Target = desktop::Session;

    fn deref(&self) -> &desktop::Session {
        &self.desktop
    }
}

impl Session {
    /// Waits for its turn and makes sure that no sandbox runs.
    pub fn begin() -> Self {
        // A test that failed left nothing that the next one could not clear away.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let desktop = desktop::Session::enter();
        STILL.call_once(hold_cursors_still);
        cli::stop_all();
        let session = Self {
            desktop,
            turn: Some(turn),
        };
        session.lets_windows_go();
        session
    }

    /// A sandbox that has ended lets go of its windows a moment later: the next test does not find them.
    fn lets_windows_go(&self) {
        let are_there = || {
            let all = self.desktop.windows().unwrap_or_default();
            all.iter().any(|window| window.mark.is_some())
        };
        for _ in 0..50 {
            if !are_there() {
                return;
            }
            wait::pause(std::time::Duration::from_millis(20));
        }
    }

    /// What else there is to see while a test has its turn.
    pub(crate) fn beside(desktop: desktop::Session) -> Self {
        Self {
            desktop,
            turn: None,
        }
    }

    /// A fresh directory in the home, which sandboxes cannot see unless it is granted.
    pub fn fresh_dir(&self, name: &str) -> PathBuf {
        let dir = home().join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).expect("an old test directory can be removed");
        }
        fs::create_dir_all(&dir).expect("a test directory can be made");
        dir
    }

    /// Removes what the apps of a profile have kept, as if none had ever run.
    pub fn forget(&self, profile: &str) {
        let kept = home().join(".local/state/oz/homes").join(profile);
        if kept.exists() {
            fs::remove_dir_all(kept).expect("an app's home can be removed");
        }
    }

    /// A profile of the user's, gone with the value.
    pub fn profile(&self, name: &str, text: &str) -> Profile {
        let dir = home().join(".config/oz/profiles");
        fs::create_dir_all(&dir).expect("the profile directory can be made");
        let path = dir.join(format!("{name}.json"));
        fs::write(&path, text).expect("a profile can be written");
        Profile(path)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.turn.is_none() {
            return;
        }
        let stopped = cli::oz(["stop", "--all"]).within(wait::LONG).run_or_kill();
        if !std::thread::panicking() {
            assert!(
                stopped.1 && stopped.0.code == 0,
                "cannot clean up: {}",
                stopped.0
            );
        }
    }
}

/// A profile in the user's own directory while a test needs it.
pub struct Profile(PathBuf);

impl Profile {
    /// Its file.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn variable(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(name).unwrap_or_else(|| panic!("{name} is set in a session")))
}

/// The session's name.
pub fn id() -> String {
    std::env::var("OZ_SESSION").expect("OZ_SESSION is set in a session")
}

/// The home directory.
pub fn home() -> PathBuf {
    variable("HOME")
}

/// The directory of sockets.
pub fn runtime_dir() -> PathBuf {
    variable("XDG_RUNTIME_DIR")
}

/// The session's directory for temporary files.
pub fn temporary_dir() -> PathBuf {
    variable("TMPDIR")
}

/// Where pictures of a test go: `$OZ_TEST_OUTPUT`, else a directory that goes with the session.
pub fn output_dir() -> PathBuf {
    let dir = std::env::var_os("OZ_TEST_OUTPUT")
        .map_or_else(|| temporary_dir().join("output"), PathBuf::from);
    fs::create_dir_all(&dir)
        .unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
    dir
}

/// Makes a file executable.
pub fn make_executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .expect("a file of ours can be made executable");
}
