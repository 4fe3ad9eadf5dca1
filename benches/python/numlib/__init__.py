"""A package laid out like NumPy: the name of the capsule has four parts."""

from . import _core
