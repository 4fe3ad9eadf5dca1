"""Passes each line of standard input to the function `request` of a module, and prints the result. For
a module with the class `Sample`, that of `class_rows` is used.

Arguments: the module, and the folder of its library. The module is an extension module, a builtin
module, or one of this folder. Plain RustPython finds no extension modules, so there the script loads the library itself.
"""

import sys

MODULE, FOLDER = sys.argv[1:]
HERE = __file__.rpartition("/")[0]

sys.path[:0] = [FOLDER, HERE]


def load_in_plain_rustpython():
    import _imp
    from importlib.machinery import ModuleSpec

    library = f"{FOLDER}/{MODULE}.so"
    return _imp.create_dynamic(ModuleSpec(MODULE, None, origin=library))


try:
    rows = __import__(MODULE)
except ModuleNotFoundError:
    rows = load_in_plain_rustpython()
if hasattr(rows, "Sample"):
    from class_rows import ClassRows

    rows = ClassRows(rows.Sample)

number = sys.version.partition(" ")[0]
compiler = sys.version.partition("[")[2].rstrip("]")
print("ready", number, f"({compiler})", flush=True)
for line in sys.stdin:
    print(rows.request(line), flush=True)
