"""Asks the window manager for its frame, then for sizes: by a request with a gravity, and by a message. Says what it is told."""

import struct
import sys

from client import CARDINAL, Display

CONFIGURE_NOTIFY, REDIRECT = 22, 0x180000
STATIC = 10

display = Display()
window = display.window(size=(300, 200), events=0x20000)
display.set(window, "WM_NAME", 31, 8, b"asks for sizes")
# A gravity of its own: WM_SIZE_HINTS.
display.set(window, "WM_NORMAL_HINTS", 41, 32, struct.pack("<18I", 1 << 9, *[0] * 16, STATIC))


def message(name, data):
    event = struct.pack("<BBHII5I", 33, 32, 0, window, display.atom(name), *data)
    display.tell(display.root, event, REDIRECT)


def property_of(name):
    ask = struct.pack("<IIIII", window, display.atom(name), CARDINAL, 0, 4)
    reply = display.ask(20, 0, ask)
    count = struct.unpack_from("<I", reply, 16)[0]
    return struct.unpack_from(f"<{count}I", reply, 32)


def wait_for_size(size):
    while True:
        event = display.event()
        if event[0] & 0x7F == CONFIGURE_NOTIFY and struct.unpack_from("<HH", event, 20) == size:
            return


def say(text):
    with open(f"{sys.argv[1]}/said", "a") as file:
        file.write(text + "\n")


def wait_for_line(text):
    while text not in open(f"{sys.argv[1]}/go").read():
        pass


message("_NET_REQUEST_FRAME_EXTENTS", [0] * 5)
while not (frame := property_of("_NET_FRAME_EXTENTS")):
    pass
say(f"frame {frame}")
display.map(window)
wait_for_line("first")
# Width and height.
display.send(12, 0, struct.pack("<IHxxII", window, 0x4 | 0x8, 420, 310))
wait_for_size((420, 310))
say("asked")
wait_for_line("second")
message("_NET_MOVERESIZE_WINDOW", [STATIC | 0xF << 8 | 1 << 12, 7, 9, 360, 250])
wait_for_size((360, 250))
say("told")
while True:
    display.event()
