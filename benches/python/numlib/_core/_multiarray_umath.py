"""The module of `_ARRAY_API`, a capsule that the rows set."""
