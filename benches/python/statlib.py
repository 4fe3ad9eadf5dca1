"""The module of `_C_API`, a capsule that the rows set."""
