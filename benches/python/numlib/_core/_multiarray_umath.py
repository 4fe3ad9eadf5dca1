"""Publishes `_ARRAY_API`, which the rows put here."""
