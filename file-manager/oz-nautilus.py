"""Oz in the menu of Nautilus: what is offered is `oz_files`'s, this makes it rows of Nautilus."""

import os
import sys

# Beside us, `PREFIX/share/nautilus-python/extensions`, it is in `PREFIX/share/oz/file-manager`.
_SHARE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(_SHARE, "oz", "file-manager"))
sys.dont_write_bytecode = True

import gi
import oz_files

gi.require_version("Gdk", "4.0")
from gi.repository import Gdk, Gio, GObject, Nautilus


def _token(entry, paths):
    """Lets the window that comes have the focus."""
    display = Gdk.Display.get_default()
    if display is None:
        return None
    context = display.get_app_launch_context()
    return context.get_startup_notify_id(entry, [Gio.File.new_for_path(path) for path in paths])


class OzMenu(GObject.GObject, Nautilus.MenuProvider):
    def __init__(self):
        super().__init__()
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self._oz = oz_files.Oz(oz_files.notify(bus), _token, bus, self.emit_items_updated_signal)

    def get_file_items(self, *arguments):
        # The window comes first in older versions.
        chosen = [(file.get_location().get_path(), file.get_mime_type()) for file in arguments[-1]]
        return [_item(row) for row in oz_files.menu(self._oz, chosen)]

    def get_background_items(self, *_):
        return []


def _item(row):
    item = Nautilus.MenuItem(name="OzMenu::" + row.name, label=row.label)
    if row.rows:
        submenu = Nautilus.Menu()
        for inner in row.rows:
            submenu.append_item(_item(inner))
        item.set_submenu(submenu)
    if row.action:
        item.connect("activate", lambda _: row.action())
    return item
