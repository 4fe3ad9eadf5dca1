"""Stands in for polars, which has no wheel for the stable ABI without a GIL.

The library of artistools exchanges columns with polars as Arrow arrays: polars gives and takes the
address of a struct that has the column's type and data. Here ctypes reads and writes the data.
"""

import ctypes
import itertools
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int64, c_size_t, c_void_p

__version__ = "1.30.0"


class ArrowSchema(Structure):
    pass


class ArrowArray(Structure):
    pass


class SeriesExport(Structure):
    pass


ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_void_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", c_void_p),
    ("dictionary", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]
ArrowArray._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", c_void_p),
    ("dictionary", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]
SeriesExport._fields_ = [
    ("field", POINTER(ArrowSchema)),
    ("arrays", POINTER(POINTER(ArrowArray))),
    ("len", c_size_t),
    ("release", c_void_p),
    ("private_data", c_void_p),
]

TYPES = {
    b"g": ctypes.c_double,
    b"f": ctypes.c_float,
    b"i": ctypes.c_int32,
    b"l": c_int64,
    b"I": ctypes.c_uint32,
    b"L": ctypes.c_uint64,
}

# What an exported struct points to, until its consumer releases it. A consumer may move a struct,
# so the key is in its `private_data`.
exported = {}
_keys = itertools.count(1)


def _releases(structure):
    """A function for C that releases a struct of this type."""

    @CFUNCTYPE(None, c_void_p)
    def release(address):
        struct = structure.from_address(address)
        del exported[struct.private_data]
        struct.release = None

    return release


_release_schema, _release_array, _release_export = map(
    _releases, (ArrowSchema, ArrowArray, SeriesExport)
)


def _keep(release, *parts):
    """The last two fields of a struct that points to `parts`."""
    key = next(_keys)
    exported[key] = (release, *parts)
    return ctypes.cast(release, c_void_p), key


def arrays_in_use():
    """How many exported arrays have not been released."""
    return sum(release is _release_array for release, *_ in exported.values())


class Series:
    """A column of numbers."""

    def __init__(self, name, values, format):
        self.name, self.values, self.format = name, values, format

    @property
    def _s(self):
        return self

    @classmethod
    def _import(cls, address):
        """Copies the column of a struct, and releases the struct."""
        export = SeriesExport.from_address(address)
        schema = export.field.contents
        format = schema.format
        values = []
        for index in range(export.len):
            array = export.arrays[index].contents
            if array.length:
                data = (TYPES[format] * (array.offset + array.length)).from_address(
                    array.buffers[1]
                )
                values += data[array.offset :]
        series = cls(schema.name.decode(), values, format)
        CFUNCTYPE(None, c_void_p)(export.release)(address)
        return series

    def _export(self, address):
        """Writes the column into a struct."""
        data = (TYPES[self.format] * len(self.values))(*self.values)
        buffers = (c_void_p * 2)(0, ctypes.addressof(data))
        array = ArrowArray(
            len(self.values), 0, 0, 2, 0, buffers, None, None, *_keep(_release_array, data, buffers)
        )
        name = self.name.encode()
        schema = ArrowSchema(
            self.format, name, None, 0, 0, None, None, *_keep(_release_schema, self.format, name)
        )
        arrays = (POINTER(ArrowArray) * 1)(ctypes.pointer(array))
        export = SeriesExport.from_address(address)
        export.field, export.arrays, export.len = ctypes.pointer(schema), arrays, 1
        export.release, export.private_data = _keep(_release_export, schema, array, arrays)


class DataFrame:
    """Columns of one length."""

    def __init__(self, columns=()):
        self.columns = list(columns)

    @property
    def width(self):
        return len(self.columns)

    def get_columns(self):
        return self.columns

    def to_dict(self):
        return {column.name: column.values for column in self.columns}
