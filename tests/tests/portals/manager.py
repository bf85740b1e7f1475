"""The host's file manager of a test: it says what it is told to show."""
from gi.repository import Gio, GLib

NAME = "org.freedesktop.FileManager1"
INTERFACE = Gio.DBusNodeInfo.new_for_xml(
    """<node><interface name="org.freedesktop.FileManager1">
    <method name="ShowItems"><arg type="as" direction="in"/><arg type="s" direction="in"/></method>
    <method name="ShowFolders"><arg type="as" direction="in"/><arg type="s" direction="in"/></method>
    </interface></node>"""
).interfaces[0]


def called(_bus, _sender, _path, _interface, method, body, invocation):
    print(method, *body.unpack()[0], flush=True)
    invocation.return_value(None)


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.register_object("/org/freedesktop/FileManager1", INTERFACE, called, None, None)
Gio.bus_own_name_on_connection(bus, NAME, 0, None, None)
print("ready", flush=True)
GLib.MainLoop().run()
