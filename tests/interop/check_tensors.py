"""DLPack between Manta and numpy, JAX and pyarrow: both capsules, read-only, of every element type.

python check_tensors.py LIBRARY      tests/interop/run builds the library and calls this
"""

import ctypes
import sys

import numpy

from capsules import capsule, is_read_only, library, mark_used, name_of, pointer_of

library.counted_tensor.restype = ctypes.c_void_p
library.sum_of_their_tensor.restype = ctypes.c_double
NUMBERS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")
OLD = numpy.lib.NumpyVersion(numpy.__version__) < "2.1.0"  # knows the unversioned capsule only


class Tensor:
    """An object that gives the capsule that it is asked for, or always the one from before version 1."""

    def __init__(self, element, always_unversioned=False):
        self.element, self.always_unversioned, self.given = element, always_unversioned, None

    def __dlpack__(self, max_version=None, **_):
        versioned = max_version is not None and max_version[0] >= 1 and not self.always_unversioned
        self.given = b"dltensor_versioned" if versioned else b"dltensor"
        return capsule(library.counted_tensor(self.element.encode(), versioned), self.given)

    def __dlpack_device__(self):
        return (1, 0)


def numpy_reads_ours():
    for element in NUMBERS + (() if OLD else ("?",)):
        for always_unversioned in (False, True):
            tensor = Tensor(element, always_unversioned)
            view = numpy.from_dlpack(tensor)
            assert tensor.given == (b"dltensor" if OLD or always_unversioned else b"dltensor_versioned")
            assert view.dtype == element and view.shape == (2, 3)
            assert (view.ravel() == numpy.arange(6).astype(element)).all()
            assert is_read_only(view.ctypes.data) and not view.flags.writeable, element


def sum_of(element, taken):
    name = name_of(taken)
    total = library.sum_of_their_tensor(element.encode(), name == b"dltensor_versioned",
                                        ctypes.c_void_p(pointer_of(taken)))
    if total >= 0:
        mark_used(taken)
    return total


def ours_reads_numpy():
    for element in NUMBERS:
        values = numpy.arange(12).astype(element).reshape(3, 4)
        references = sys.getrefcount(values)
        assert name_of(values.__dlpack__()) == b"dltensor"
        assert sum_of(element, values.__dlpack__()) == 66, library.last_error()
        if not OLD:
            assert name_of(values.__dlpack__(max_version=(1, 0))) == b"dltensor_versioned"
            assert sum_of(element, values.__dlpack__(max_version=(1, 0))) == 66, library.last_error()
        assert sys.getrefcount(values) == references  # given back
    values = numpy.arange(12, dtype="f4").reshape(3, 4)
    assert sum_of("f4", values.T.__dlpack__()) == -1 and b"row-major" in library.last_error()
    assert sum_of("i4", values.__dlpack__()) == -1
    assert b"it holds float32, the array int32: ask for from_dlpack<float>" in library.last_error()
    if not OLD:
        assert sum_of("?", numpy.array([2, 0, 1], "u1").view("?").__dlpack__()) == 2  # a bool of the byte 2
        values.flags.writeable = False
        assert sum_of("f4", values.__dlpack__(max_version=(1, 0))) == 66


def jax_and_ours():
    import jax

    jax.config.update("jax_enable_x64", True)
    for element in NUMBERS + ("?", "bf2"):
        dtype = jax.numpy.bfloat16 if element == "bf2" else numpy.dtype(element)
        read = jax.dlpack.from_dlpack(Tensor(element))
        assert read.dtype == dtype and read.shape == (2, 3), element
        assert (read.ravel() == jax.numpy.arange(6).astype(dtype)).all()
        values = jax.numpy.arange(12).astype(dtype)
        total = 11 if element == "?" else 66
        for taken in (values.__dlpack__(), values.__dlpack__(max_version=(1, 0))):
            assert sum_of(element, taken) == total, library.last_error()
    values = jax.numpy.zeros(3, dtype=jax.numpy.float8_e4m3fn)
    try:
        taken = values.__dlpack__()
    except Exception:  # this JAX does not export it
        return
    assert sum_of("f4", taken) == -1 and b"float8_e4m3fn" in library.last_error(), library.last_error()


def pyarrow_to_ours():
    import pyarrow

    values = pyarrow.array(range(12), pyarrow.int64())
    assert sum_of("i8", values.__dlpack__()) == 66, library.last_error()


checks = (numpy_reads_ours, ours_reads_numpy)
for check in checks if OLD else checks + (jax_and_ours, pyarrow_to_ours):
    check()
    print(f"{check.__name__} (numpy {numpy.__version__}): ok")
