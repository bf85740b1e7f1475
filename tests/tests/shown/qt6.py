"""A window of Qt 6 with a menu and a few widgets."""

import sys

from PyQt6.QtWidgets import QApplication, QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget

app = QApplication(sys.argv)
window = QMainWindow()
window.setWindowTitle("a window of Qt 6")
menu = window.menuBar().addMenu("&Colours")
for name in ["red", "green", "blue"]:
    colour = menu.addAction(name)
    colour.triggered.connect(lambda _, name=name: window.setStyleSheet(f"background: {name}"))
parts = QVBoxLayout()
parts.addWidget(QLineEdit("some text"))
button = QPushButton("press me")
button.clicked.connect(lambda: window.setStyleSheet("background: rgb(20, 60, 200)"))
parts.addWidget(button)
centre = QWidget()
centre.setLayout(parts)
window.setCentralWidget(centre)
window.resize(400, 300)
window.show()
print(app.platformName(), flush=True)
app.exec()
