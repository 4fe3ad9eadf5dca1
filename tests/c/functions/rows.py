"""Calls functions of the C API with values that are at the edge of what they take, and prints an
answer a line: rows.py FOLDER, where FOLDER has the driver. The rows are in the modules below."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))]

import containers, classes, exceptions, printing, modules, texts
