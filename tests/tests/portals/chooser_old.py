"""An app of GTK 3 with the toolkit's own dialog for files, which knows no portal, as older apps and LibreOffice have it.

usage: chooser_old.py open|folder|save [NAME]"""
import os
import sys

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402

ACTIONS = {
    "open": Gtk.FileChooserAction.OPEN,
    "folder": Gtk.FileChooserAction.SELECT_FOLDER,
    "save": Gtk.FileChooserAction.SAVE,
}
action = sys.argv[1]
window = Gtk.Window(title="an app")
window.set_default_size(300, 200)
window.show()
dialog = Gtk.FileChooserDialog(title="Pick one", transient_for=window, action=ACTIONS[action])
dialog.add_buttons("_Cancel", Gtk.ResponseType.CANCEL, "_Take", Gtk.ResponseType.ACCEPT)
for name, pattern in (("Everything", "*"), ("Text", "*.txt")):
    kind = Gtk.FileFilter()
    kind.set_name(name)
    kind.add_pattern(pattern)
    if action == "open":
        dialog.add_filter(kind)
# Code of its own decides; the name says what for.
kind = Gtk.FileFilter()
kind.set_name("Letters (*.letter)")
kind.add_custom(Gtk.FileFilterFlags.URI, lambda info: info.uri.endswith(".letter"))
if action == "open":
    dialog.add_filter(kind)
if len(sys.argv) > 2:
    dialog.set_current_name(sys.argv[2])
# Twice: it is the same dialog each time, and forgets what was picked before.
for turn in ("first", "second"):
    response = dialog.run()
    path = dialog.get_filename() if response == Gtk.ResponseType.ACCEPT else None
    print("response", turn, int(response), path, dialog.get_filenames() if path else None, flush=True)
    if path and action == "open":
        with open(path) as file:
            print("read", file.read().strip(), flush=True)
    elif path and action == "folder":
        print("listed", *sorted(os.listdir(path)), flush=True)
    elif path:
        new = os.path.join(os.path.dirname(path), ".new-file")
        with open(new, "w") as file:
            file.write(turn + "\n")
        os.replace(new, path)
dialog.destroy()
print("done", flush=True)
Gtk.main()
