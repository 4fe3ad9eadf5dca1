"""Calls functions of the C API with values at the limits of what they accept, and prints a line for each
answer: rows.py FOLDER. FOLDER has the driver. The rows are in the modules that are imported below."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))]

import containers, classes, exceptions, printing, modules, protocols, texts, variadic, arguments
