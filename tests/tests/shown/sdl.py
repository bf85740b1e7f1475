"""A window that SDL draws by OpenGL, whose colour changes when a key or a button is pressed."""

import ctypes
import os

# Where both are it would take an X server.
os.environ["SDL_VIDEODRIVER"] = "wayland"
sdl = ctypes.CDLL("libSDL2-2.0.so.0")
for name in ["SDL_CreateWindow", "SDL_CreateRenderer"]:
    getattr(sdl, name).restype = ctypes.c_void_p
sdl.SDL_GetError.restype = ctypes.c_char_p
sdl.SDL_GetCurrentVideoDriver.restype = ctypes.c_char_p

KEY_DOWN, BUTTON_DOWN, QUIT = 0x300, 0x401, 0x100
ACCELERATED, RESIZABLE = 2, 0x20


def need(value):
    if not value:
        raise SystemExit(sdl.SDL_GetError().decode())
    return ctypes.c_void_p(value)


if sdl.SDL_Init(0x20) != 0:
    raise SystemExit(sdl.SDL_GetError().decode())
print(sdl.SDL_GetCurrentVideoDriver().decode(), flush=True)
window = need(sdl.SDL_CreateWindow(b"a window of SDL", 0, 0, 400, 300, RESIZABLE))
# Its drawing in software frees what it draws into when it is told of a size while it shows that.
renderer = need(sdl.SDL_CreateRenderer(window, -1, ACCELERATED))
event = (ctypes.c_uint32 * 32)()
colours, at = [(200, 60, 20), (20, 60, 200)], 0
while True:
    while sdl.SDL_PollEvent(event):
        if event[0] == QUIT:
            raise SystemExit
        if event[0] in (KEY_DOWN, BUTTON_DOWN):
            at = 1
    sdl.SDL_SetRenderDrawColor(renderer, *colours[at], 255)
    sdl.SDL_RenderClear(renderer)
    # A ramp, so that there is more to see than one colour.
    for step in range(16):
        sdl.SDL_SetRenderDrawColor(renderer, 16 * step, 255 - 16 * step, 90, 255)
        for row in range(8):
            sdl.SDL_RenderDrawLine(renderer, 10 * step, row, 10 * step + 9, row)
    sdl.SDL_RenderPresent(renderer)
    sdl.SDL_Delay(30)
