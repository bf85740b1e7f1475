"""A small app of Qt 6 that opens a file with whatever the desktop has for it.

usage: opener_qt.py PATH"""
import sys

from PyQt6.QtCore import QTimer, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication

app = QApplication(sys.argv[:1])
QTimer.singleShot(300, lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(sys.argv[1])))
QTimer.singleShot(60000, app.quit)
app.exec()
