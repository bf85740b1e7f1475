//! Places of the home whose content runs later or opens doors.
//!
//! Who can write there owns the user's next session; who can read there has the user's keys. No
//! grant for writing may name one, lie inside one, or hold one: a directory that holds one could be
//! renamed away together with whatever covers it. Paths are compared by components, never as text.

use std::path::{Path, PathBuf};

/// A protected place.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Relative to the home directory; a file or a directory with all that is in it.
    pub path: &'static str,
    /// What happens to who lets it be written.
    pub reason: &'static str,
}

/// Why Oz's own directories are protected.
pub const OWN: &str = "what Oz keeps there decides what sandboxes may do";

/// Why what a link of a protected name leads to is protected.
pub const LINKED: &str = "a protected place of the home is a link to it";

/// Why what comes where a directory above protected places is, or may be, needs the same yes.
pub const ABOVE: &str = "protected places are below that name";

/// Why a link does that leads to one, or to what has one in it.
pub const LEADS_IN: &str = "it is a link to a protected place, or to what has one in it";

/// Why a link does that leads out of what is copied.
pub const LEADS_OUT: &str = "it is a link that leads out of the directory it was made in a copy of";

/// Why what shuts the user out does,
pub const CLOSES: &str = "you could not read, change or enter it any more";

/// and what lets others in.
pub const OPENS: &str = "everybody on this machine could change it";

/// Why a link does whose target nobody has seen all of.
pub const LEADS_FAR: &str = "it is a link whose target is too long to be shown";

const STARTS: &str = "programs named there start with the session";
const SHELL: &str = "every shell runs what is written there";
const LAUNCH: &str = "launchers run what is written there";
const UNITS: &str = "the service manager runs what is written there";
const PROGRAMS: &str = "programs there run instead of the system's";
const LIBRARIES: &str = "programs of the host load code from there";
const KEYS: &str = "keys and what they open are there";
/// Why data of programs are: whose data they are may be let write them, by the user.
pub const DATA: &str = "passwords, cookies and messages are there";
/// Why what says where the user's directories are is protected: it tells nothing to who reads it.
pub const DIRECTORIES: &str = "the host's programs, and Oz, find the user's directories by it";
const CONFIG: &str = "a program of the host runs what its configuration there says";

macro_rules! places {
    ($($reason:ident: $($path:literal)+;)+) => {
        &[$($(Place { path: $path, reason: $reason },)+)+]
    };
}

/// All of them.
pub const PLACES: &[Place] = places! {
    OWN: ".config/oz" ".local/state/oz" ".local/share/oz" ".cache/oz";
    STARTS: ".config/autostart" ".config/autostart-scripts" ".config/plasma-workspace"
        ".xinitrc" ".xsession" ".xsessionrc" ".xprofile" ".Xresources" ".xsettingsd" ".dmrc"
        ".config/lxsession" ".config/openbox" ".config/sway" ".config/hypr" ".config/i3"
        ".config/niri" ".config/labwc" ".config/river" ".config/xfce4" ".gnomerc" ".fluxbox"
        ".config/awesome" ".config/bspwm" ".config/sxhkd" ".config/waybar";
    SHELL: ".bashrc" ".bash_profile" ".bash_login" ".bash_logout" ".bash_aliases" ".profile"
        ".zshrc" ".zshenv" ".zprofile" ".zlogin" ".zlogout" ".config/zsh" ".config/fish"
        ".local/share/fish" ".kshrc" ".cshrc" ".tcshrc" ".login" ".logout" ".inputrc"
        ".pam_environment" ".config/environment.d" ".config/nushell" ".direnvrc" ".config/direnv";
    LAUNCH: ".local/share/applications" ".config/mimeapps.list" ".local/share/mime"
        ".local/share/flatpak" ".config/menus" ".local/share/nautilus" ".local/share/nemo"
        ".local/share/kio" ".local/share/desktop-directories" ".mailcap" ".gtkrc-2.0"
        ".local/share/file-manager";
    UNITS: ".config/systemd" ".local/share/systemd" ".local/share/dbus-1" ".config/dbus-1"
        ".config/user-tmpfiles.d" ".local/share/user-tmpfiles.d" ".local/share/xdg-desktop-portal"
        ".config/xdg-desktop-portal";
    PROGRAMS: "bin" ".local/bin" ".cargo" ".rustup" "go/bin" ".npm-global" ".yarn" ".bun" ".deno"
        ".pyenv" ".rbenv" ".nvm" ".sdkman" ".asdf" ".local/share/mise" ".nix-profile" ".local/share/pnpm"
        ".local/share/containers" ".dotnet" ".gem" ".ghcup" ".cabal" ".opam" ".juliaup";
    LIBRARIES: ".local/lib" ".local/share/gnome-shell" ".local/share/cinnamon"
        ".local/share/plasma" ".local/share/kwin" ".local/share/gvfs-metadata"
        ".local/share/gedit" ".local/share/nautilus-python" ".config/gtk-3.0" ".config/gtk-4.0"
        ".local/share/glib-2.0" ".local/share/vulkan" ".config/vulkan" ".drirc" ".asoundrc"
        ".config/pulse" ".config/pipewire" ".config/wireplumber" ".config/fcitx5" ".config/ibus"
        ".XCompose";
    CONFIG: ".gitconfig" ".config/git" ".vimrc" ".vim" ".config/nvim" ".local/share/nvim"
        ".emacs" ".emacs.d" ".config/emacs" ".tmux.conf" ".config/tmux" ".screenrc" ".gdbinit"
        ".config/gdb" ".lldbinit" ".pythonrc" ".condarc" ".config/pip" ".pip" ".npmrc" ".curlrc" ".wgetrc" ".lesskey"
        ".lessfilter" ".config/mpv" ".config/foot" ".config/alacritty" ".config/kitty"
        ".config/Code" ".vscode" ".config/JetBrains" ".muttrc" ".mutt" ".config/ranger" ".nanorc"
        ".config/nano" ".hgrc" ".config/hg" ".subversion" ".docker" ".config/containers" ".m2"
        ".gradle" ".config/dconf" ".config/glib-2.0" ".local/share/keyrings";
    DIRECTORIES: ".config/user-dirs.dirs" ".config/user-dirs.locale";
    KEYS: ".ssh" ".gnupg" ".pki" ".password-store" ".config/keepassxc" ".config/KeePassXC"
        ".local/share/kwalletd" ".kde" ".aws" ".azure" ".config/gcloud" ".kube" ".config/gh"
        ".netrc" ".git-credentials" ".Xauthority" ".ICEauthority" ".config/Yubico" ".electrum"
        ".bitcoin" ".ethereum" ".monero" ".config/Bitwarden" ".config/1Password" ".age"
        ".config/sops" ".terraform.d" ".vault-token" ".config/rclone" ".pgpass" ".my.cnf";
    DATA: ".mozilla" ".config/mozilla" ".thunderbird" ".config/google-chrome" ".config/chromium"
        ".config/BraveSoftware" ".config/vivaldi" ".config/opera" ".config/microsoft-edge"
        ".librewolf" ".tor-browser" ".local/share/torbrowser" ".config/Signal" ".config/Element"
        ".config/discord" ".config/Slack" ".config/skypeforlinux" ".local/share/TelegramDesktop"
        ".purple" ".config/evolution" ".local/share/evolution" ".config/geary"
        ".local/share/geary" ".var/app" ".config/goa-1.0" ".local/share/gnupg" "snap";
};

/// The protected place that the path is, or lies in.
pub fn is_protected(home: &Path, path: &Path) -> Option<&'static Place> {
    let below = path.strip_prefix(home).ok()?;
    PLACES.iter().find(|place| below.starts_with(place.path))
}

/// A protected place that lies below the path, so that whoever may write to the path could replace
/// the place by renaming what is above it.
pub fn covers_protected(home: &Path, path: &Path) -> Option<&'static Place> {
    places_below(home, path).next()
}

/// The protected places that lie below the path.
pub fn below(home: &Path, path: &Path) -> impl Iterator<Item = PathBuf> {
    places_below(home, path).map(|place| home.join(place.path))
}

/// The same, with the reasons.
pub fn below_with_reasons(
    home: &Path,
    path: &Path,
) -> impl Iterator<Item = (PathBuf, &'static str)> {
    places_below(home, path).map(|place| (home.join(place.path), place.reason))
}

fn places_below<'p>(home: &Path, path: &'p Path) -> impl Iterator<Item = &'static Place> + 'p {
    // Most paths are nowhere near the home: that is found out once, not for each place.
    let above = home.starts_with(path);
    let within = path.strip_prefix(home).ok();
    PLACES.iter().filter(move |place| match within {
        _ if above => true,
        Some(within) => Path::new(place.path)
            .strip_prefix(within)
            .is_ok_and(|rest| rest != Path::new("")),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> &'static Path {
        Path::new("/home/user")
    }

    #[test]
    fn a_place_and_what_is_in_it_are_protected() {
        assert!(is_protected(home(), Path::new("/home/user/.ssh")).is_some());
        assert!(is_protected(home(), Path::new("/home/user/.ssh/config")).is_some());
        assert!(is_protected(home(), Path::new("/home/user/Documents")).is_none());
    }

    #[test]
    fn ancestors_cover_and_the_home_covers_most() {
        for path in [
            "/",
            "/home",
            "/home/user",
            "/home/user/.config",
            "/home/user/.local/share",
        ] {
            assert!(
                covers_protected(home(), Path::new(path)).is_some(),
                "{path}"
            );
        }
        assert!(covers_protected(home(), Path::new("/home/user/Downloads")).is_none());
        assert!(covers_protected(home(), Path::new("/home/user/.ssh")).is_none());
    }

    #[test]
    fn names_that_only_begin_alike_are_other_places() {
        // Oz 2017 compared text: /home/user2 counted as a part of /home/user.
        assert!(is_protected(home(), Path::new("/home/user2/.ssh")).is_none());
        assert!(is_protected(home(), Path::new("/home/user/.ssh2")).is_none());
        assert!(covers_protected(home(), Path::new("/home/use")).is_none());
    }

    #[test]
    fn places_are_plain_relative_paths_and_listed_once() {
        let mut seen = std::collections::BTreeSet::new();
        for place in PLACES {
            assert!(seen.insert(place.path), "{} is listed twice", place.path);
            assert!(
                place
                    .path
                    .split('/')
                    .all(|part| !matches!(part, "" | "." | ".."))
            );
        }
    }
}
