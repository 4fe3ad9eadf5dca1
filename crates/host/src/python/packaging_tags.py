"""Stands for the module `tags` of the package `packaging`, and for pip's copy of it. It runs the
installed module, and adds the tags of wheels for the stable ABI without a GIL (abi3t) to those of
this interpreter.

pip, and other tools that choose wheels, ask this module which wheels they may install. It knows
abi3t for CPython only.
"""

import sys
from importlib.machinery import PathFinder


def _installed(name):
    package = sys.modules[name.rpartition(".")[0]]
    return PathFinder.find_spec(name, package.__path__)


def _with_abi3t(generic_tags):
    """`generic_tags` of the installed module, with more tags for this interpreter."""
    from functools import wraps

    from wheelcheck import abi3t_interpreters

    @wraps(generic_tags)
    def tags(interpreter=None, abis=None, platforms=None, **keywords):
        platforms = list(platforms or platform_tags())
        yield from generic_tags(interpreter, abis, platforms, **keywords)
        # A caller that names ABIs asks for another environment.
        if abis is None:
            for version in abi3t_interpreters():
                for platform in platforms:
                    yield Tag(version, "abi3t", platform)

    return tags


__spec__ = _installed(__name__)
if __spec__ is None:
    raise ModuleNotFoundError(f"No module named {__name__!r}", name=__name__)
__loader__, __file__ = __spec__.loader, __spec__.origin
__spec__.loader.exec_module(sys.modules[__name__])
generic_tags = _with_abi3t(generic_tags)
