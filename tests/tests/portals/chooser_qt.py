"""A small app of Qt 5 or 6: one file dialog, then what its user would do with the file.

usage: chooser_qt.py 5|6 open|save"""
import os
import sys

version, action = sys.argv[1:3]
if version == "5":
    from PyQt5.QtCore import QTimer
    from PyQt5.QtWidgets import QApplication, QFileDialog, QMainWindow
else:
    from PyQt6.QtCore import QTimer
    from PyQt6.QtWidgets import QApplication, QFileDialog, QMainWindow

app = QApplication(sys.argv[:1])
window = QMainWindow()
window.setWindowTitle("an app")
window.resize(300, 200)
window.show()


def ask():
    if action == "open":
        path, _ = QFileDialog.getOpenFileName(window, "Pick one", "", "Texts (*.txt);;All (*)")
        if path:
            with open(path) as file:
                print("read", file.read().strip(), flush=True)
    else:
        path, _ = QFileDialog.getSaveFileName(window, "Save it", "suggested.txt")
        if path:
            for text in ("first\n", "second\n"):
                new = os.path.join(os.path.dirname(path), ".new-file")
                with open(new, "w") as file:
                    file.write(text)
                os.replace(new, path)
    print("done", path, flush=True)
    app.quit()


# Qt 6 hears of the portal in the event loop: before that it would draw a dialog of its own.
QTimer.singleShot(300, ask)
(app.exec_ if version == "5" else app.exec)()
