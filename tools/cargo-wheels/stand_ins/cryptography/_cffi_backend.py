"""Stands in for the C library of cffi, which has no wheel for the stable ABI without a GIL.

cryptography imports this module only to build `lib`, a table of OpenSSL's functions and optional
features, and `ffi`. Only pyOpenSSL calls functions of them. Here no optional feature exists, and
neither has a function.
"""

from types import SimpleNamespace

__version__ = "2.0.0"


class FFI:
    """The class of `ffi`."""


class Lib:
    """The class of `lib`. A feature that is asked for does not exist."""

    def __getattr__(self, name):
        if name.startswith("Cryptography_HAS_"):
            return 0
        raise AttributeError(f"the stand-in for _cffi_backend has no {name}")


def _init_cffi_1_0_external_module(address):
    """Called by the generated code in cryptography's library, with the address of its tables."""
    return SimpleNamespace(lib=Lib(), ffi=FFI())
