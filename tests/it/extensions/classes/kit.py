"""What the scripts beside this file share. They run in CPython too, and print a transcript."""

import gc
import sys

import pyo3_classes as p

CPYTHON = sys.implementation.name == "cpython"


def refused(kind, function, *arguments, **named):
    """Call a function that must raise exactly this exception, and print its text."""
    try:
        result = function(*arguments, **named)
    except BaseException as error:
        assert type(error) is kind, (type(error), error)
        print(kind.__name__, error, *getattr(error, "__notes__", []), sep=": ")
    else:
        raise AssertionError(f"not refused, returned {result!r}")


def collect():
    """Collect until nothing is left, since a collection may find what another one has freed."""
    while gc.collect():
        pass


class drops:
    """Check how many values of each kind are dropped in a block."""

    def __init__(self, **expected):
        self.expected = expected

    def __enter__(self):
        self.before = {kind: p.counts(kind)[1] for kind in self.expected}

    def __exit__(self, kind, value, traceback):
        if kind is None:
            found = {kind: p.counts(kind)[1] - self.before[kind] for kind in self.expected}
            assert found == self.expected, (found, self.expected)


def run(functions):
    """Run each function of a script, or those that the command line names."""
    names = sys.argv[1:] or [
        name
        for name, value in functions.items()
        if getattr(value, "__module__", None) == "__main__" and not name.startswith("_")
    ]
    for name in names:
        print("==", name.replace("_", " "))
        functions[name]()
