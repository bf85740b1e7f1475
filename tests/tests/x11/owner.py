"""Has copied something on an X server, and is slow: it answers when the file that it is given is there. It says `asked`, and then
whether whoever has asked was still there: `fine` or `gone`."""

import os
import struct
import sys
import time

from client import ATOM, Display

display = Display()
window = display.window()
clipboard = display.atom("CLIPBOARD")
text = display.atom("UTF8_STRING")


def is_refused(opcode, detail, body):
    display.settle()
    display.send(opcode, detail, body)
    display.send(43, 0, b"")
    refused = False
    while True:
        message = display.message()
        if message[0] == 1:
            return refused
        refused |= message[0] == 0
        if message[0] > 1:
            display.events.append(message)


display.send(22, 0, struct.pack("<III", window, clipboard, 0))
display.settle()
print("ready", flush=True)
while True:
    event = display.event()
    if event[0] & 0x7F != 30:
        continue
    when, _, asker, selection, target, place = struct.unpack_from("<6I", event, 4)
    print("asked", flush=True)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    # An answer to whoever is gone is refused, which ends many programs.
    answer = struct.pack("<IIIBxxxII", asker, place, ATOM, 32, 1, text)
    print("gone" if is_refused(18, 0, answer) else "fine", flush=True)
    notice = struct.pack("<BxHIIIII", 31, 0, when, asker, selection, target, place)
    display.tell(asker, notice.ljust(32, b"\0"))
