//! What Oz needs from the distribution, each with its reason.

/// A package of Debian or Ubuntu.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    /// Its name in the archive.
    pub(crate) name: &'static str,
    /// What Oz, its tests or its benchmarks want it for.
    pub(crate) why: &'static str,
}

const fn package(name: &'static str, why: &'static str) -> Package {
    Package { name, why }
}

/// Every package, by what wants it.
pub(crate) const PACKAGES: &[Package] = &[
    // build
    package("libxkbcommon-dev", "build: the keymaps of display-proxy"),
    package(
        "libpixman-1-dev",
        "build: composing windows for an X11 host",
    ),
    package(
        "libpulse-dev",
        "build: oz-sound, a client of the sound server",
    ),
    package("libgtk-4-dev", "build: shell-ui, windows of Oz's own"),
    package("libadwaita-1-dev", "build: their widgets"),
    package(
        "libgtk-3-dev",
        "build: gtk3-module, which dialogs inside are asked by",
    ),
    package("gettext", "build: what they say in other languages"),
    package("pkg-config", "build: finds the libraries above"),
    package(
        "ca-certificates",
        "build: fetching crates; a CA directory for sandboxes to see",
    ),
    // run
    package(
        "dbus-daemon",
        "run: the private bus of a sandbox; the session bus of a test",
    ),
    package("dbus-bin", "run: dbus-send and friends for scripts"),
    package(
        "dbus",
        "run: the machine id and the system bus configuration",
    ),
    package("xwayland", "run: X11 apps in a sandbox"),
    package("apparmor", "test: reads what `oz profile apparmor` prints"),
    package("passt", "run: the network of apps that have the Internet"),
    package(
        "nftables",
        "run: closes this machine and its neighbours to them",
    ),
    package(
        "libasound2-plugins",
        "run: the way of ALSA programs to the sound server",
    ),
    package("xkb-data", "run: keymaps"),
    package("tzdata", "run: the time zone that a sandbox is shown"),
    package("shared-mime-info", "run: which app opens which file"),
    package("desktop-file-utils", "run: checking launchers"),
    package("dconf-gsettings-backend", "run: settings of GTK apps"),
    package("gsettings-desktop-schemas", "run: settings of GTK apps"),
    package("libglib2.0-bin", "run: gio and gdbus"),
    package("librsvg2-common", "run: icons of GTK apps"),
    package("adwaita-icon-theme", "run: icons and cursors"),
    package("fonts-dejavu-core", "run: a font"),
    // test: the desktop
    package("sway", "test: the headless desktop"),
    package("swaybg", "test: its background"),
    package("weston", "test: small Wayland clients, a second compositor"),
    package(
        "pulseaudio",
        "test: the sound server of the headless desktop",
    ),
    package("pulseaudio-utils", "test: pactl, parec, paplay"),
    package(
        "alsa-utils",
        "test: aplay and arecord, which know only ALSA",
    ),
    package("pipewire", "test: the other sound server"),
    package("pipewire-pulse", "test: its PulseAudio side"),
    package("wireplumber", "test: who connects its streams"),
    package("sox", "test: measuring what was played"),
    package("gnome-shell", "test: the desktop of GNOME, headless"),
    package("ibus", "test: input methods"),
    package(
        "ibus-unikey",
        "test: an input method that writes what no key has",
    ),
    package(
        "python3-dbusmock",
        "test: a login manager, without which it does not start",
    ),
    package("gjs", "test: what the extension knows, without the shell"),
    package("grim", "test: screenshots"),
    package("wtype", "test: keys without a seat of our own"),
    package("wl-clipboard", "test: reading and setting the clipboard"),
    package(
        "xdg-desktop-portal",
        "test: file dialogs and settings of the headless desktop",
    ),
    package("xdg-desktop-portal-gtk", "test: what shows and knows them"),
    package("gir1.2-gtk-3.0", "test: GTK 3 for them"),
    package("gir1.2-gtk-4.0", "test: GTK 4 for them"),
    package("python3-pyqt5", "test: small apps of Qt 5"),
    package("python3-pyqt6", "test: small apps of Qt 6"),
    package("qtwayland5", "test: their windows"),
    package("qt6-wayland", "test: their windows"),
    package(
        "qt5-xdgdesktopportal-platformtheme",
        "test: how they ask for file dialogs",
    ),
    package("qt6-xdgdesktopportal-platformtheme", "test: likewise"),
    package(
        "mako-notifier",
        "test: notifications with buttons, pressed by makoctl",
    ),
    package("xdotool", "test: X11 windows"),
    package("openbox", "test: the window manager of X11 sessions"),
    package("metacity", "test: another one"),
    package("mutter", "test: a third one, which composes"),
    package("xclip", "test: the clipboard of X11 sessions"),
    package("x11-utils", "test: what an X server knows of windows"),
    package("x11-xkb-utils", "test: other layouts of its keyboard"),
    package(
        "imagemagick",
        "test: pictures of X11 windows, comparing pictures",
    ),
    package("xvfb", "test: a display for widgets that are tested alone"),
    package("xauth", "test: who may use that display"),
    package("at-spi2-core", "test: what screen readers are told"),
    package("gir1.2-atspi-2.0", "test: pressing what they can press"),
    package("python3-gi", "test: the language to say so in"),
    package("procps", "test: ps and friends as probes"),
    package(
        "iproute2",
        "test: a small Internet, and probes of interfaces",
    ),
    package("psmisc", "test: fuser as a probe"),
    package(
        "util-linux",
        "test: setpriv drops root for the headless desktop",
    ),
    package("wlcs", "test: the Wayland conformance suite"),
    package("sudo", "test: that setuid programs gain nothing inside"),
    package("locales", "test: a German locale"),
    package("openssl", "test: that certificates are found inside"),
    package("tmux", "test: terminals"),
    package("jq", "test: reading --json output in scripts"),
    // test: real apps
    package("vim", "test: an editor that saves in several ways"),
    package("emacs-nox", "test: an editor with lock files and backups"),
    package("libreoffice-writer", "test: an editor of documents"),
    package("libreoffice-gtk3", "test: its windows"),
    package("sqlite3", "test: a database with a journal and locks"),
    package("patch", "test: a program that replaces files"),
    package("foot", "test: a Wayland terminal"),
    package("xterm", "test: an X11 terminal"),
    package("x11-apps", "test: X11 programs of all kinds"),
    package("vim-gtk3", "test: an editor that knows X11"),
    package("gimp", "test: an app that knows only X11"),
    package(
        "default-jdk",
        "test: a toolkit that knows only X11, and its compiler",
    ),
    package("gtk-4-examples", "test: a GTK 4 app"),
    package("mousepad", "test: a GTK 3 editor"),
    package("nautilus", "test: a file manager with a menu of ours"),
    package("python3-nautilus", "test: what loads it"),
    package("nemo", "test: another one"),
    package("nemo-python", "test: what loads its menu"),
    package("caja", "test: a third one"),
    package("python3-caja", "test: what loads its menu"),
    package(
        "thunar",
        "test: a file manager of the host, to drag files from",
    ),
    package("gedit", "test: a GTK editor with a bus name"),
    package(
        "libgtk-3-bin",
        "test: gtk-launch, a launcher that asks the bus first",
    ),
    package("xdg-utils", "test: xdg-open"),
    package("evince", "test: a viewer"),
    package("poppler-utils", "test: reading PDFs"),
    package("ghostscript", "test: making PDFs"),
    package("mpv", "test: a player"),
    package("libsdl2-2.0-0", "test: what games are made with"),
    package("libglfw3-wayland", "test: likewise, by OpenGL"),
    package("ffmpeg", "test: making and reading media"),
    package("firefox-esr", "test: a browser"),
    package("chromium", "test: a browser with a zygote"),
    package("btrfs-progs", "test: homes on such a file system"),
    package("xfsprogs", "test: likewise"),
    // bench
    package("bubblewrap", "bench: the peer for launching"),
    package("rsync", "bench: the peer for what was written over copies"),
    package("waypipe", "bench: the peer for the display"),
    package("fuse3", "bench: what the document portal mounts with"),
];

/// What the machine of `cargo xtask machine` is made and run by.
pub(crate) const MACHINE: &[Package] = &[
    package("qemu-system-x86", "test: the machine"),
    package(
        "mmdebstrap",
        "test: the machine's disk, of Debian's packages",
    ),
    package("debian-archive-keyring", "test: whose packages those are"),
    package("e2fsprogs", "test: the file systems of its disks"),
];

/// What `cargo xtask package` makes a package by, and what it is tried with.
pub(crate) const PACKAGE: &[Package] = &[
    package("dpkg-dev", "build: which packages the programs need"),
    package("binutils", "build: taking out what debuggers read"),
    package("lintian", "test: what Debian thinks of a package"),
    package("mmdebstrap", "test: a system to install it on"),
    package("debian-archive-keyring", "test: whose packages those are"),
];

/// What of `wanted` is not among the installed ones, in the same order.
pub(crate) fn missing(wanted: &[Package], installed: &dyn Fn(&str) -> bool) -> Vec<Package> {
    wanted
        .iter()
        .filter(|package| !installed(package.name))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_installed_is_missing() {
        let wanted = [package("a", "x"), package("b", "y"), package("c", "z")];
        let names: Vec<_> = missing(&wanted, &|name| name == "b")
            .iter()
            .map(|p| p.name)
            .collect();
        assert_eq!(names, ["a", "c"]);
        assert!(missing(&wanted, &|_| true).is_empty());
    }

    #[test]
    fn no_package_is_listed_twice_and_each_has_a_reason() {
        for list in [PACKAGES, MACHINE, PACKAGE] {
            let names: std::collections::HashSet<_> = list.iter().map(|p| p.name).collect();
            assert_eq!(names.len(), list.len());
        }
        for package in PACKAGES.iter().chain(MACHINE).chain(PACKAGE) {
            let purpose = package.why.split(':').next().unwrap();
            assert!(
                ["build", "run", "test", "bench"].contains(&purpose),
                "{package:?}"
            );
        }
    }
}
