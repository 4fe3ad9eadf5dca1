from . import _multiarray_umath
