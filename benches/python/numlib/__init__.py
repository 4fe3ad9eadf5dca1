"""A package laid out as big ones are: the capsule is four levels deep."""

from . import _core
