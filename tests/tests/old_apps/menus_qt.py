"""A window of Qt with a menu in a menu and a list to choose from. In the directory that it is given it writes where on its window
what can be clicked lies now, and what was chosen last."""

import os
import sys

from PyQt5.QtCore import QPoint, QTimer
from PyQt5.QtWidgets import QApplication, QComboBox, QMainWindow

os.chdir(sys.argv[1])
app = QApplication(sys.argv)
window = QMainWindow()
window.setWindowTitle("menus of Qt")
window.resize(500, 300)
outer = window.menuBar().addMenu("Outer")
outer.addAction("Before")
inner = outer.addMenu("Inner")
inner.addAction("Above")
inner.addAction("Chosen", lambda: chose("Chosen"))
box = QComboBox(window)
box.addItems(["first", "second", "third"])
box.move(150, 120)
box.activated[str].connect(lambda text: chose(text))


def chose(text):
    with open("chosen", "w") as file:
        file.write(text)


def places():
    found = {"box": (box, box.rect())}
    for menu in (window.menuBar(), outer, inner):
        for action in menu.actions() if menu.isVisible() else ():
            found[action.text()] = (menu, menu.actionGeometry(action))
    view = box.view()
    for row in range(box.count()) if view.isVisible() else ():
        rect = view.visualRect(box.model().index(row, 0)) & view.viewport().rect()
        found[box.itemText(row)] = (view.viewport(), rect)
    at = window.mapToGlobal(QPoint(0, 0))
    return {name: widget.mapToGlobal(rect.center()) - at for name, (widget, rect) in found.items()}


def write():
    with open("new", "w") as file:
        for name, at in places().items():
            file.write(f"{name} {at.x()} {at.y()}\n")
    os.rename("new", "places")


timer = QTimer()
timer.timeout.connect(write)
timer.start(100)
window.show()
app.exec()
