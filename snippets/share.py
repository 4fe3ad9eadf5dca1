"""Two modules share an array without a copy, by DLPack, the protocol of NumPy, PyTorch and JAX.

Run: cargo py snippets/share.py
"""

import ctypes

import _capsule

# The structs of dlpack.h, which are all that the two modules share.


class DLDevice(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int), ("device_id", ctypes.c_int32)]


class DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", DLDevice),
        ("ndim", ctypes.c_int32),
        ("dtype", DLDataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class DLManagedTensor(ctypes.Structure):
    pass


Deleter = ctypes.CFUNCTYPE(None, ctypes.POINTER(DLManagedTensor))
DLManagedTensor._fields_ = [
    ("dl_tensor", DLTensor),
    ("manager_ctx", ctypes.c_void_p),
    ("deleter", Deleter),
]

CPU, FLOAT = 1, 2

# The producer: a module that owns arrays of doubles and exports them.


class Samples:
    def __init__(self, *values):
        self.values = (ctypes.c_double * len(values))(*values)

    def __dlpack_device__(self):
        return (CPU, 0)

    def __dlpack__(self, *, stream=None):
        shape = (ctypes.c_int64 * 1)(len(self.values))
        managed = DLManagedTensor(deleter=release)
        tensor = managed.dl_tensor
        tensor.data = ctypes.addressof(self.values)
        tensor.device = DLDevice(CPU, 0)
        tensor.ndim = 1
        tensor.dtype = DLDataType(FLOAT, 64, 1)
        tensor.shape = ctypes.cast(shape, ctypes.POINTER(ctypes.c_int64))
        address = ctypes.addressof(managed)
        exported[address] = self.values, shape, managed
        return _capsule.new(address, "dltensor", release_if_unused)


# What the producer keeps alive until the deleter is called.
exported = {}


@Deleter
def release(managed):
    del exported[ctypes.addressof(managed.contents)]
    print("producer:  the array has been released")


def release_if_unused(capsule):
    # A consumer has renamed the capsule and calls the deleter itself.
    if _capsule.is_valid(capsule, "dltensor"):
        address = _capsule.get_pointer(capsule, "dltensor")
        release(ctypes.pointer(DLManagedTensor.from_address(address)))


# The consumer: a module that computes with arrays of other modules.


class View:
    def __init__(self, managed):
        self.managed = managed
        tensor = managed.dl_tensor
        assert (tensor.ndim, tensor.dtype.code, tensor.dtype.bits) == (1, FLOAT, 64)
        self.values = (ctypes.c_double * tensor.shape[0]).from_address(tensor.data)

    def mean(self):
        return sum(self.values) / len(self.values)

    def __del__(self):
        self.managed.deleter(ctypes.pointer(self.managed))


def from_dlpack(capsule):
    # One step checks the name and replaces it, so that only one consumer gets the array.
    address = _capsule.claim(capsule, "dltensor", "used_dltensor")
    return View(DLManagedTensor.from_address(address))


# The exchange.

samples = Samples(1.0, 2.0, 6.0)
capsule = samples.__dlpack__()
view = from_dlpack(capsule)
print("consumer:  the mean is", view.mean())

samples.values[0] = 4.0
print("consumer:  the mean is", view.mean(), "after a change by the producer")

try:
    from_dlpack(capsule)
except ValueError as error:
    print("capsule:  ", *error.__notes__)

del samples, capsule
print("consumer:  the mean is", view.mean(), "without the producer's object")
del view

unused = Samples(7.0).__dlpack__()
del unused
assert exported == {}
