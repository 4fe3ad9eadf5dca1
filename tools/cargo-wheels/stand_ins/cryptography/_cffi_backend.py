"""Stands in for the C library of cffi, which has no wheel for the stable ABI without a GIL.

cryptography imports this module only to build `lib`, a table of OpenSSL's functions and optional
features, and `ffi`. Apart from pyOpenSSL, only a check of versions uses them. Here no optional
feature exists, and what is there answers that check.
"""

from types import ModuleType

__version__ = "2.0.0"


class FFI:
    """The class of `ffi`."""

    @staticmethod
    def string(text):
        """In cffi, the bytes of a C string. Here it gets them."""
        return text


class Lib:
    """The class of `lib`. A feature that is asked for does not exist."""

    @property
    def CRYPTOGRAPHY_PACKAGE_VERSION(self):
        import cryptography

        return cryptography.__version__.encode()

    @staticmethod
    def OpenSSL_version_num():
        from cryptography.hazmat.bindings._rust import openssl

        return openssl.openssl_version()

    def __dir__(self):
        return ["CRYPTOGRAPHY_PACKAGE_VERSION", "OpenSSL_version_num"]

    def __getattr__(self, name):
        if name.startswith("Cryptography_HAS_"):
            return 0
        raise AttributeError(f"the stand-in for _cffi_backend has no {name}")


def _init_cffi_1_0_external_module(address):
    """Called by the generated code in cryptography's library, with the address of its tables."""
    module = ModuleType("_openssl")
    module.lib, module.ffi = Lib(), FFI()
    return module
