"""What a file manager offers of Oz: open files in a sandbox, add them to one that runs.

Shared by the extensions of all file managers, and free of them: only GLib is used. A file manager asks for its menu while it
waits, so nothing here asks anybody then: what runs and what can be run is known from before, kept up to date by signals of
the bus. Files are opened only when their file system has answered to somebody else; what is named to the daemon is descriptors.
Nothing is ever put together for a shell.

There are no threads of Python: a file manager that has it inside lets them run only while it calls it.
"""

import gettext
import os
import unicodedata

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

# We are `PREFIX/share/oz/file-manager/oz_files.py`, what is said in other languages is in `PREFIX/share/locale`.
_SHARE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
tr = gettext.translation("oz", os.path.join(_SHARE, "locale"), fallback=True).gettext

NAME = "org.oz.Oz1"
ROOT = "/org/oz/Oz1"
MANAGER = "org.oz.Manager1"
SANDBOX = "org.oz.Sandbox1"

# How long an answer may take, in milliseconds: a launch waits for a whole sandbox.
PATIENCE = 5_000
LAUNCH_PATIENCE = 60_000
# How long a file system may take to answer, in seconds.
FILE_PATIENCE = 5
# The bus takes no more descriptors in one message.
MOST_FILES = 16
# What is longer is cut where people read it.
LONGEST = 60

# Of our session, what a launch is about; the daemon takes no other.
SESSION = (
    "WAYLAND_DISPLAY",
    "DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "LANG",
    "LANGUAGE",
    "TZ",
    "PATH",
    "XCURSOR_THEME",
    "XCURSOR_SIZE",
    "GTK_THEME",
    "QT_STYLE_OVERRIDE",
    "QT_SCALE_FACTOR",
    "GDK_SCALE",
    "PULSE_SERVER",
    "PULSE_RUNTIME_PATH",
    "PULSE_COOKIE",
)


def shown(text, longest=LONGEST):
    """A name as people may read it: on one line, cut, and nothing in it that steers or turns what stands beside it."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


class Sandboxed:
    """An app for which there is a profile, and which is installed."""

    def __init__(self, profile, entry):
        self.profile = profile
        self.entry = entry
        self.label = shown(entry.get_display_name() or profile)
        self.types = entry.get_supported_types() or []

    def opens(self, content_type):
        return any(Gio.content_type_is_a(content_type, known) for known in self.types)


class Oz:
    """What runs, what can be run, and having it done.

    `tell(summary, body)` is called with what went wrong, fit to be shown. `token(entry, paths)` makes what lets the new
    window have the focus, where the toolkit can. `changed()` is called when a menu would be another one.
    """

    def __init__(self, tell, token=None, bus=None, changed=None):
        self.tell = tell
        self.changed = changed or (lambda: None)
        self.token = token or (lambda entry, paths: None)
        self.bus = bus or Gio.bus_get_sync(Gio.BusType.SESSION)
        self.running = []
        self.apps = []
        self._listing = False
        self._again = False
        for signal in ("InterfacesAdded", "InterfacesRemoved"):
            self.bus.signal_subscribe(
                NAME, "org.freedesktop.DBus.ObjectManager", signal, ROOT, None, Gio.DBusSignalFlags.NONE, self._list
            )
        # The daemon is not started for that: what does not run has no sandboxes.
        Gio.bus_watch_name_on_connection(
            self.bus, NAME, Gio.BusNameWatcherFlags.NONE, self._list, self._vanished
        )
        self._ask("Profiles", self._learnt)

    # What is known.

    def apps_for(self, content_types):
        """Those that open all of these, and the others."""
        fit = [app for app in self.apps if content_types and all(app.opens(one) for one in content_types)]
        return fit, [app for app in self.apps if app not in fit]

    # What is done.

    def open_in(self, app, paths):
        """Runs an app in its sandbox with these files."""
        token = self.token(app.entry, paths)

        def send(files):
            context = {name: os.environ[name] for name in SESSION if name in os.environ}
            context.update({name: value for name, value in os.environ.items() if name.startswith("LC_")})
            if token:
                context.update({"XDG_ACTIVATION_TOKEN": token, "DESKTOP_STARTUP_ID": token})
            argv = [os.fsencode(path) for path in paths]
            descriptors = Gio.UnixFDList.new()
            arguments = [(index, descriptors.append(file)) for index, file in enumerate(files)]
            options = {
                "name": GLib.Variant("s", app.profile),
                "context": GLib.Variant("a{ss}", context),
                "arguments": GLib.Variant("a(uh)", arguments),
                "detach": GLib.Variant("b", True),
            }
            self._call(ROOT, MANAGER, "Launch", GLib.Variant("(aaya{sv})", (argv, options)), descriptors, LAUNCH_PATIENCE)

        self._with_files(paths, send)

    def add_to(self, sandbox, paths, write):
        """Shows files to a sandbox that runs, or lets it change them."""

        def send(files):
            descriptors = Gio.UnixFDList.new()
            handles = [descriptors.append(file) for file in files]
            options = {"write": GLib.Variant("b", write)}
            place = ROOT + "/sandbox/" + _escaped(sandbox)
            self._call(place, SANDBOX, "AddFiles", GLib.Variant("(aha{sv})", (handles, options)), descriptors, LAUNCH_PATIENCE)

        self._with_files(paths, send)

    def _with_files(self, paths, send):
        if len(paths) > MOST_FILES:
            self.tell("Oz", tr("Choose up to {count} files at a time.").format(count=MOST_FILES))
            return
        first = shown(os.path.basename(paths[0]))
        waiting, over = set(range(len(paths))), []
        cancel = Gio.Cancellable()

        def end(failure=None):
            """Only the first end counts: all have answered, one cannot be seen, or nobody answers."""
            if over:
                return False
            over.append(True)
            GLib.source_remove(clock)
            cancel.cancel()
            files = []
            try:
                for path in [] if failure else paths:
                    files.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
                if not failure:
                    send(files)
            except OSError as error:
                name = shown(os.path.basename(error.filename))
                failure = tr("{name} cannot be opened: {why}.").format(name=name, why=error.strerror)
            finally:
                for file in files:
                    os.close(file)
            if failure:
                self.tell("Oz", failure)
            return False

        def late():
            end(tr("The file system of {name} does not answer.").format(name=first))
            return False

        def seen(file, result, index):
            # Why it cannot be seen is said by who opens it. The file system has answered, so that does not wait.
            try:
                file.query_info_finish(result)
            except GLib.Error:
                pass
            waiting.discard(index)
            if not waiting:
                end()

        clock = GLib.timeout_add_seconds(FILE_PATIENCE, late)
        for index, path in enumerate(paths):
            flags = Gio.FileQueryInfoFlags.NONE
            file = Gio.File.new_for_path(path)
            file.query_info_async("standard::type", flags, GLib.PRIORITY_DEFAULT, cancel, seen, index)

    # The bus.

    def _call(self, path, interface, method, parameters, files, patience):
        def done(bus, result):
            try:
                bus.call_with_unix_fd_list_finish(result)
            except GLib.Error as error:
                self.tell("Oz", _why(error))

        self.bus.call_with_unix_fd_list(
            NAME, path, interface, method, parameters, None, Gio.DBusCallFlags.NONE, patience, files, None, done
        )

    def _ask(self, method, take, flags=Gio.DBusCallFlags.NONE):
        def done(bus, result):
            try:
                answer = bus.call_finish(result)
            except GLib.Error:
                # It is not installed, or is just going: then nothing is offered.
                answer = None
            take(answer)

        self.bus.call(NAME, ROOT, MANAGER, method, None, None, flags, PATIENCE, None, done)

    def _learnt(self, answer):
        apps = []
        for profile, _description, ids in answer.unpack()[0] if answer else ():
            entry = next(filter(None, map(_entry, ids)), None)
            if entry:
                apps.append(Sandboxed(profile, entry))
        self.apps = sorted(apps, key=lambda app: app.label.casefold())
        self.changed()

    def _vanished(self, *_):
        self.running = []
        self.changed()

    def _list(self, *_):
        """One question at a time; what changes meanwhile is asked for again."""
        if self._listing:
            self._again = True
            return
        self._listing, self._again = True, False
        self._ask("List", self._listed, Gio.DBusCallFlags.NO_AUTO_START)

    def _listed(self, answer):
        self._listing = False
        rows = answer.unpack()[0] if answer else ()
        self.running = sorted(row[0] for row in rows if row[2] in ("starting", "running"))
        self.changed()
        if self._again:
            self._list()


def _entry(name):
    try:
        return Gio.DesktopAppInfo.new(name if name.endswith(".desktop") else name + ".desktop")
    except TypeError:
        # It is not installed.
        return None


def _why(error):
    """What the daemon says: what failed, and what to do. GLib puts the name of the error before it."""
    name = Gio.DBusError.get_remote_error(error)
    if name == "org.freedesktop.DBus.Error.UnknownObject":
        return tr("This sandbox does not run any more.")
    text = error.message.removeprefix("GDBus.Error:{}: ".format(name))
    return "\n".join(shown(line, 400) for line in text.splitlines()[:3])


def _escaped(sandbox):
    """As a part of an object's path: what is no letter or digit is written by its number."""
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else "_{:02x}".format(b) for b in sandbox.encode())


def notify(bus):
    """A `tell` that has the desktop say it, without waiting for anybody."""

    def tell(summary, body):
        arguments = GLib.Variant(
            "(susssasa{sv}i)",
            ("Oz", 0, "security-high", summary, GLib.markup_escape_text(body), [], {}, -1),
        )
        bus.call(
            "org.freedesktop.Notifications",
            "/org/freedesktop/Notifications",
            "org.freedesktop.Notifications",
            "Notify",
            arguments,
            None,
            Gio.DBusCallFlags.NONE,
            PATIENCE,
            None,
            None,
        )

    return tell


class Entry:
    """A row of a menu: with what is done when it is chosen, or with rows of its own."""

    def __init__(self, name, label, action=None, rows=()):
        self.name = name
        self.label = label
        self.action = action
        self.rows = list(rows)


def menu(oz, files):
    """The rows for some files: pairs of a path and a content type. None where one of them is not a file of this machine."""
    paths = [path for path, _ in files]
    if not paths or any(path is None for path in paths):
        return []
    rows = []
    fit, others = oz.apps_for([kind for _, kind in files])

    def open_row(app):
        return Entry("OzOpen_" + app.profile, app.label, lambda: oz.open_in(app, paths))

    chosen = [open_row(app) for app in fit]
    if others:
        rest = [open_row(app) for app in others]
        chosen += [Entry("OzOther", tr("Other App"), rows=rest)] if fit else rest
    if chosen:
        rows.append(Entry("OzOpen", tr("Open in Sandbox…"), rows=chosen))
    added = []
    for sandbox in oz.running:
        for write, how in ((False, tr("{sandbox}, read only")), (True, tr("{sandbox}, writable"))):
            added.append(
                Entry(
                    "OzAdd_{}_{}".format(sandbox, write),
                    how.format(sandbox=shown(sandbox)),
                    lambda sandbox=sandbox, write=write: oz.add_to(sandbox, paths, write),
                )
            )
    if added:
        rows.append(Entry("OzAdd", tr("Add to Running Sandbox…"), rows=added))
    return rows
