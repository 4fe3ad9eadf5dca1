"""Answers requests of `cargo speed` on standard input, a line each, with the module that is named.

Arguments: the module, and the folder of its library. The module is an extension module or built in;
only RustPython by itself, which finds no extension modules, is told where the library lies.
"""

import sys

MODULE, FOLDER = sys.argv[1:]
HERE = __file__.rpartition("/")[0]

sys.path[:0] = [FOLDER, HERE]


def load_plainly():
    import _imp
    from importlib.machinery import ModuleSpec

    library = f"{FOLDER}/{MODULE}.so"
    return _imp.create_dynamic(ModuleSpec(MODULE, None, origin=library))


try:
    rows = __import__(MODULE)
except ModuleNotFoundError:
    rows = load_plainly()

number = sys.version.partition(" ")[0]
compiler = sys.version.partition("[")[2].rstrip("]")
print("ready", number, f"({compiler})", flush=True)
for line in sys.stdin:
    print(rows.request(line), flush=True)
