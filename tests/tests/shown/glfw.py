"""A window of GLFW's that OpenGL draws, whose colour changes when a key or a button is pressed."""

import ctypes

glfw = ctypes.CDLL("libglfw.so.3")
gl = ctypes.CDLL("libGL.so.1")
glfw.glfwCreateWindow.restype = ctypes.c_void_p
glfw.glfwCreateWindow.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
glfw.glfwGetVersionString.restype = ctypes.c_char_p
gl.glClearColor.argtypes = [ctypes.c_float] * 4
COLOUR, SCISSOR = 0x4000, 0x0C11

if not glfw.glfwInit():
    raise SystemExit("no GLFW")
print(glfw.glfwGetVersionString().decode(), flush=True)
window = glfw.glfwCreateWindow(400, 300, b"a window of GLFW", None, None)
if not window:
    raise SystemExit("no window")
window = ctypes.c_void_p(window)
glfw.glfwMakeContextCurrent(window)
glfw.glfwSwapInterval(1)
at = 0


def pressed(_window, _what, _more, action, *_):
    global at
    at = 1


KEY = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] + [ctypes.c_int] * 4)(pressed)
BUTTON = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] + [ctypes.c_int] * 3)(pressed)
glfw.glfwSetKeyCallback(window, KEY)
glfw.glfwSetMouseButtonCallback(window, BUTTON)
colours = [(0.8, 0.3, 0.6), (0.3, 0.7, 0.2)]
while not glfw.glfwWindowShouldClose(window):
    gl.glDisable(SCISSOR)
    gl.glClearColor(*colours[at], 1)
    gl.glClear(COLOUR)
    # A ramp, so that there is more to see than one colour.
    gl.glEnable(SCISSOR)
    for step in range(16):
        gl.glScissor(10 * step, 0, 10, 8)
        gl.glClearColor(step / 16, 1 - step / 16, 0.35, 1)
        gl.glClear(COLOUR)
    glfw.glfwSwapBuffers(window)
    glfw.glfwPollEvents()
