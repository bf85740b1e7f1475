"""A window of an odd size on which every pixel is of another colour than its neighbours. Writes into the directory that it is given
what the screen's resources say, and where on it the last click was, in its own pixels."""

import struct
import sys

from client import Display

BUTTON_PRESS, STRUCTURE, BUTTONS = 4, 0x20000, 0x4
BLACK, WHITE = bytes(4), b"\xff\xff\xff\0"
RESOURCE_MANAGER = 23

display = Display()
window = display.window(size=(401, 301), events=BUTTONS | STRUCTURE)
pixmap, context = display.base | 0x100, display.base | 0x101
display.send(53, 24, struct.pack("<IIHH", pixmap, window, 2, 2))
display.send(55, 0, struct.pack("<III", context, pixmap, 0))
square = BLACK + WHITE + WHITE + BLACK
display.send(72, 2, struct.pack("<IIHHhhBBxx", pixmap, context, 2, 2, 0, 0, 0, 24) + square)
display.send(2, 0, struct.pack("<III", window, 1, pixmap))
display.set(window, "WM_NAME", 31, 8, b"a fine pattern")
display.map(window)


def write(name, text):
    with open(f"{sys.argv[1]}/{name}", "w") as file:
        file.write(text)


reply = display.ask(20, 0, struct.pack("<IIIII", display.root, RESOURCE_MANAGER, 0, 0, 1000))
length = struct.unpack_from("<I", reply, 16)[0]
write("resources", reply[32 : 32 + length].decode() + "end\n")
while True:
    event = display.event()
    if event[0] & 0x7F == BUTTON_PRESS:
        x, y = struct.unpack_from("<hh", event, 24)
        write("clicked", f"{x} {y}\n")
