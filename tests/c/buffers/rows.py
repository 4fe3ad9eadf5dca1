"""Views of all kinds of objects with all flags, and every function on views, in this interpreter and in
CPython: rows.py FOLDER. FOLDER has the driver."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))]

import requests, pinning, copies, memoryviews, exporting
