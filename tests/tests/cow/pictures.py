"""Pictures of a hostile app, and what the bus shows of them."""

import os
import struct
import sys
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, colour, lines=None):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    line = b"\0" + bytes(colour) * width
    press = zlib.compressobj(1)
    data = b"".join(press.compress(line) for _ in range(height if lines is None else lines))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data + press.flush()) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def scans(side, count):
    """A picture that says the same of all of its blocks again and again."""
    def part(kind, data):
        return b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data

    scan = part(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes((side // 8) ** 2 // 8)
    start = part(0xDB, bytes([0]) + bytes([1] * 64))
    start += part(0xC2, struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0))
    start += part(0xC4, bytes([0, 1] + [0] * 15 + [0]))
    return b"\xff\xd8" + start + scan * count + b"\xff\xd9"


def make():
    os.chdir(os.path.expanduser("~/cow"))

    def write(name, data):
        with open(name, "wb") as file:
            file.write(data)

    write("photo.png", png(64, 32, (0, 0, 255)))
    write("bomb.png", png(65535, 65535, (0, 0, 0), lines=1))
    # All of it is there, in a thousandth of its size.
    write("packed.png", png(20000, 1600, (0, 0, 0)))
    write("scans.jpg", scans(8000, 100))
    write("cut.png", png(64, 64, (0, 255, 0))[:60])
    write("noise.gif", b"GIF89a" + bytes(range(256)) * 40)
    write("huge.bmp", b"BM" + bytes(60))
    os.truncate("huge.bmp", 1 << 40)
    os.symlink(os.path.expanduser("~/cow/before.png"), "link.png")
    os.mkfifo("fifo.png")


def ask():
    import json

    from gi.repository import Gio, GLib

    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)

    def call(method, signature, *arguments):
        values = GLib.Variant(signature, arguments)
        path, name = "/org/oz/Oz1", "org.oz.Copies1"
        reply = bus.call_sync("org.oz.Oz1", path, name, method, values, None, 0, 60000, None)
        return reply.unpack()

    [identity] = sys.argv[2:]
    listed = call("Changes", "(sa{sv})", identity, {})[0]
    said = {}
    for row in listed:
        token = bytes(row["token"])
        [both] = call("Pictures", "(saay)", identity, [token])[0]
        words = [[word, width, height, bytes(pixels[:4]).hex()] for word, width, height, pixels in both]
        assert all(len(pixels) == 4 * width * height for _, width, height, pixels in both)
        said[os.path.basename(bytes(row["path"]).decode())] = words
    tokens = [bytes(row["token"]) for row in listed]
    try:
        call("Pictures", "(saay)", identity, (tokens * 9)[:17])
        said["many"] = "answered"
    except GLib.Error as error:
        said["many"] = error.message
    # What is there by now is not what was listed.
    with open(os.path.expanduser("~/cow/photo.png"), "ab") as file:
        file.write(b"more")
    photo = [bytes(row["token"]) for row in listed if bytes(row["path"]).endswith(b"/photo.png")]
    said["stale"] = [word for word, *_ in call("Pictures", "(saay)", identity, photo)[0][0]]
    said["count"] = call("Count", "(s)", identity)
    json.dump(said, sys.stdout)


if sys.argv[1] == "make":
    make()
elif sys.argv[1] == "ask":
    ask()
else:
    width, height, *colour = map(int, sys.argv[2:])
    sys.stdout.buffer.write(png(width, height, colour))
