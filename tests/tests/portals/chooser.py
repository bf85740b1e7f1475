"""A small app of GTK 3 or 4: one file dialog, then what its user would do with the file.

usage: chooser.py 3|4 open|folder|save [NAME [on-key]]
With on-key it is brought up by the first key in the window (GTK 3)."""
import os
import sys

import gi

version, action = sys.argv[1:3]
gi.require_version("Gtk", version + ".0")
from gi.repository import GLib, Gtk  # noqa: E402

ACTIONS = {
    "open": Gtk.FileChooserAction.OPEN,
    "folder": Gtk.FileChooserAction.SELECT_FOLDER,
    "save": Gtk.FileChooserAction.SAVE,
}
loop = GLib.MainLoop()


def save_by_rename(path, text):
    new = os.path.join(os.path.dirname(path), ".new-file")
    with open(new, "w") as file:
        file.write(text)
    os.replace(new, path)


def answered(dialog, response):
    file = dialog.get_file()
    path = file.get_path() if file else None
    print("response", int(response), path, flush=True)
    if response == Gtk.ResponseType.ACCEPT:
        if action == "save":
            save_by_rename(path, "first\n")
            save_by_rename(path, "second\n")
        elif action == "open":
            with open(path) as file:
                print("read", file.read().strip(), flush=True)
        else:
            print("listed", *sorted(os.listdir(path)), flush=True)
    print("done", flush=True)
    loop.quit()


window = Gtk.Window(title="an app")
window.set_default_size(300, 200)
window.show()
dialog = Gtk.FileChooserNative.new("Pick one", window, ACTIONS[action], None, None)
if len(sys.argv) > 3:
    dialog.set_current_name(sys.argv[3])
dialog.connect("response", answered)
if "on-key" in sys.argv[4:]:
    window.connect("key-press-event", lambda *_: dialog.show())
else:
    GLib.timeout_add(300, lambda: dialog.show())
loop.run()
