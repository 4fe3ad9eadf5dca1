"""Imports modules, runs a probe, and prints how many seconds each took.

Usage: run_probe.py MODULES PROBE, where MODULES has commas between the names.
"""

import importlib
import runpy
import sys
import time

modules, probe = sys.argv[1:]

start = time.perf_counter()
for module in modules.split(","):
    importlib.import_module(module)
print("imported", time.perf_counter() - start, flush=True)

start = time.perf_counter()
runpy.run_path(probe, run_name="__main__")
print("probed", time.perf_counter() - start, flush=True)
