"""Uses classes made by C code, and prints what happens: rows.py FOLDER. FOLDER has the module. The rows are
in the modules that are imported below."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))]

import operating
import containing
import iterating
import attributing
import calling_methods
import inheriting
import extending
import living
import describing
import exporting
