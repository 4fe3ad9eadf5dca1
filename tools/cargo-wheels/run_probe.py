"""Imports a module, runs a probe, and prints how many seconds each took.

Usage: run_probe.py MODULE PROBE. A MODULE with a slash is a library in a package, which is loaded
without the package around it.
"""

import importlib.util
import pathlib
import runpy
import sys
import time


def load(path):
    """Load a library from the module search path. Interpreters have different suffixes."""
    (library,) = [file for folder in sys.path for file in pathlib.Path(folder).glob(f"{path}.*.so")]
    name = path.rpartition("/")[2]
    spec = importlib.util.spec_from_file_location(name, library)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


module, probe = sys.argv[1:]

start = time.perf_counter()
load(module) if "/" in module else importlib.import_module(module)
print("imported", time.perf_counter() - start, flush=True)

start = time.perf_counter()
runpy.run_path(probe, run_name="__main__")
print("probed", time.perf_counter() - start, flush=True)
