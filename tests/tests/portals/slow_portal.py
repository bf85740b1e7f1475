"""The portal of a desktop that has much to do: it picks a file, but takes its time for every answer.

usage: slow_portal.py SECONDS URI"""
import sys

from gi.repository import Gio, GLib

SECONDS, URI = int(sys.argv[1]), sys.argv[2]
NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
CHOOSER = """<node><interface name="org.freedesktop.portal.FileChooser">
    <method name="OpenFile"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
    <property name="version" type="u" access="read"/>
    </interface></node>"""


def late(act):
    def run():
        act()
        return GLib.SOURCE_REMOVE

    GLib.timeout_add_seconds(SECONDS, run)


def picked(sender, handle):
    results = {"uris": GLib.Variant("as", [URI])}
    body = GLib.Variant("(ua{sv})", (0, results))
    bus.emit_signal(sender, handle, "org.freedesktop.portal.Request", "Response", body)


def asked(sender, body, invocation):
    options = body.unpack()[2]
    me = sender.lstrip(":").replace(".", "_")
    handle = f"{PATH}/request/{me}/{options['handle_token']}"
    invocation.return_value(GLib.Variant("(o)", (handle,)))
    picked(sender, handle)


def called(_bus, sender, _path, interface, method, body, invocation):
    print(method, flush=True)
    late(lambda: asked(sender, body, invocation))


def gotten(message):
    """Properties are answered by the binding at once: so a filter does it."""
    reply = Gio.DBusMessage.new_method_reply(message)
    reply.set_body(GLib.Variant("(v)", (GLib.Variant("u", 3),)))
    late(lambda: bus.send_message(reply, Gio.DBusSendMessageFlags.NONE))


def filtered(_bus, message, incoming):
    if incoming and message.get_member() == "Get" and message.get_path() == PATH:
        GLib.idle_add(gotten, message)
        return None
    return message


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
interface = Gio.DBusNodeInfo.new_for_xml(CHOOSER).interfaces[0]
bus.register_object(PATH, interface, called, None, None)
bus.add_filter(filtered)
acquired = lambda *_: print("ready", flush=True)  # noqa: E731
Gio.bus_own_name_on_connection(bus, NAME, Gio.BusNameOwnerFlags.REPLACE, acquired, None)
GLib.MainLoop().run()
