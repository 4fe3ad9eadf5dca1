"""A module that publishes a capsule, `_C_API`, which the rows put here."""
