"""The same of Qt."""

import argparse
import sys

from PyQt5.QtCore import QMimeData, Qt
from PyQt5.QtGui import QDrag
from PyQt5.QtWidgets import QApplication, QLabel

options = argparse.ArgumentParser()
options.add_argument("--title", default="qt-drag")
options.add_argument("--offer", action="append", default=[])
options.add_argument("--take", action="append", default=[])
options.add_argument("--move", action="store_true")
options = options.parse_args()


def say(*words):
    print(*words, flush=True)


class Window(QLabel):
    def __init__(self):
        super().__init__(options.title)
        self.setWindowTitle(options.title)
        self.setAcceptDrops(True)
        self.resize(300, 200)

    def mouseMoveEvent(self, event):
        if not options.offer or not event.buttons() & Qt.LeftButton:
            return
        drag, data = QDrag(self), QMimeData()
        for offer in options.offer:
            kind, text = offer.split("=", 1)
            data.setData(kind, text.replace("\\n", "\r\n").encode())
        drag.setMimeData(data)
        say("drags")
        done = drag.exec_(Qt.CopyAction | Qt.MoveAction, Qt.CopyAction)
        say("cancelled" if done == Qt.IgnoreAction else "finished")
        if done == Qt.MoveAction:
            say("delete")

    def dragEnterEvent(self, event):
        say("over", *event.mimeData().formats())
        if any(event.mimeData().hasFormat(kind) for kind in options.take):
            event.setDropAction(Qt.MoveAction if options.move else Qt.CopyAction)
            event.accept()

    dragMoveEvent = lambda self, event: event.accept()

    def dragLeaveEvent(self, _event):
        say("left")

    def dropEvent(self, event):
        say("dropped")
        for kind in options.take:
            if event.mimeData().hasFormat(kind):
                text = bytes(event.mimeData().data(kind)).decode()
                say("got", kind + ":", text.replace("\r\n", " "))
        event.setDropAction(Qt.MoveAction if options.move else Qt.CopyAction)
        event.accept()
        say("took")


app = QApplication(sys.argv)
window = Window()
window.show()
app.exec()
