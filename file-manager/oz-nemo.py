"""Oz in the menu of Nemo: what is offered is `oz_files`'s, `oz_menus` makes it rows."""

import os
import sys

# Beside us, `PREFIX/share/nemo-python/extensions`, it is in `PREFIX/share/oz/file-manager`.
_SHARE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(_SHARE, "oz", "file-manager"))
sys.dont_write_bytecode = True

import oz_menus
from gi.repository import Nemo

OzMenu = oz_menus.provider(Nemo, "3.0")
