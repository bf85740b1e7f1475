"""What any client of an X server can do to the others: `spy.py keys` notes which keys are down, `spy.py picture` whether a colour
that somebody else shows can be seen, `spy.py type` types."""

import select
import struct
import subprocess
import sys

from client import Display

# The colour of the window that is looked for, as one of its pixels is in memory.
COLOUR = bytes([0x8C, 0x14, 0x5A])
KEY_PRESS, KEY_RELEASE = 2, 3


def raw_keys():
    """A connection on which XInput 2 tells of keys, whoever has the focus."""
    display = Display()
    xinput = display.extension("XInputExtension")
    display.ask(xinput, 47, struct.pack("<HH", 2, 2))
    all_masters, raw_key_press = 1, 13
    mask = struct.pack("<HHI", all_masters, 1, 1 << raw_key_press)
    display.send(xinput, 46, struct.pack("<IHxx", display.root, 1) + mask)
    display.settle()
    return display


def raw_key(message):
    kind, _, _, key = struct.unpack_from("<HHII", message, 8)
    return key if message[0] == 35 and kind == 13 else None


def recorded_keys():
    """A connection on which RECORD tells of keys."""
    control, data = Display(), Display()
    record = control.extension("RECORD")
    context, all_clients = control.base | 1, 3
    wanted = bytes(18) + bytes([KEY_PRESS, KEY_RELEASE]) + bytes(4)
    control.send(record, 1, struct.pack("<IBxxxIII", context, 0, 1, 1, all_clients) + wanted)
    control.settle()
    data.send(record, 5, struct.pack("<I", context))
    # Its life is the context's.
    data.control = control
    return data


def recorded_key(message):
    from_server = 0
    if message[0] == 1 and message[1] == from_server and message[32] == KEY_PRESS:
        return message[33]
    return None


def keys():
    asks, raw, recorded = Display(), raw_keys(), recorded_keys()
    heard = set()

    def note(way, key):
        if key is not None and (way, key) not in heard:
            heard.add((way, key))
            print(way, key, flush=True)

    print("listening", flush=True)
    while True:
        readable = select.select([raw.socket, recorded.socket], [], [], 0.005)[0]
        if raw.socket in readable:
            note("raw", raw_key(raw.message()))
        if recorded.socket in readable:
            note("recorded", recorded_key(recorded.message()))
        down = asks.ask(44, 0, b"")[8:40]
        for key in range(256):
            if down[key // 8] >> key % 8 & 1:
                note("asked", key)


def windows(display, window):
    yield window
    tree = display.tries(15, 0, struct.pack("<I", window))
    count = struct.unpack_from("<H", tree, 16)[0] if tree else 0
    for child in struct.unpack_from(f"<{count}I", tree or b"", 32):
        yield from windows(display, child)


def picture():
    display = Display()
    for window in windows(display, display.root):
        place = display.tries(14, 0, struct.pack("<I", window))
        if not place:
            continue
        width, height = struct.unpack_from("<HH", place, 16)
        wanted = struct.pack("<IhhHHI", window, 0, 0, width, height, 0xFFFFFFFF)
        image = display.tries(73, 2, wanted)
        if image and COLOUR in image:
            print("seen", flush=True)
            return
    print("not seen", flush=True)


def types():
    subprocess.run(["xdotool", "type", "--delay", "20", "spied"], check=True)
    print("typed", flush=True)


{"keys": keys, "picture": picture, "type": types}[sys.argv[1]]()
