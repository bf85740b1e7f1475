"""What games do: the pointer is hidden and put back into the middle after each motion, and the view is turned by how far it was.
Begins with a click. With the second one it shows the pointer again, at a place of its own. Writes into the directory that it is given
how far it has turned, and where each click was."""

import os
import struct
import sys

from client import Display

BUTTON_PRESS, MOTION = 4, 6
# Motion, buttons, structure.
EVENTS = 0x40 | 0x4 | 0x20000
MIDDLE, SHOWN = (200, 150), (50, 40)

os.chdir(sys.argv[1])
display = Display()
window = display.window(size=(400, 300), events=EVENTS)
nothing, context, cursor = (display.base | number for number in (0x100, 0x101, 0x102))
display.send(53, 1, struct.pack("<IIHH", nothing, window, 1, 1))
display.send(55, 0, struct.pack("<III", context, nothing, 0))
display.send(70, 0, struct.pack("<IIhhHH", nothing, context, 0, 0, 1, 1))
display.send(93, 0, struct.pack("<III6HHH", cursor, nothing, nothing, *[0] * 6, 0, 0))


def show(shape):
    display.send(2, 0, struct.pack("<III", window, 0x4000, shape))


def warp(place):
    display.send(41, 0, struct.pack("<IIhhHHhh", 0, window, 0, 0, 0, 0, *place))


def write(name, text):
    with open("new", "w") as file:
        file.write(text)
    os.rename("new", name)


show(cursor)
display.set(window, "WM_NAME", 31, 8, b"a game")
display.map(window)
write("ready", "")
turned, clicks = 0, 0
while True:
    event = display.event()
    kind = event[0] & 0x7F
    if kind not in (BUTTON_PRESS, MOTION):
        continue
    x, y = struct.unpack_from("<hh", event, 24)
    if kind == MOTION and clicks == 1 and x != MIDDLE[0]:
        turned += x - MIDDLE[0]
        warp(MIDDLE)
        write("turned", str(turned))
    if kind == BUTTON_PRESS:
        clicks += 1
        if clicks == 1:
            warp(MIDDLE)
        elif clicks == 2:
            warp(SHOWN)
            show(0)
        write(f"clicked-{clicks}", f"{x} {y}")
