#!/usr/bin/env bash
# JAX 0.10.2 (with jaxlib 0.10.2, numpy 2.4.6, Python 3.11): array.__dlpack__(max_version=(1, 0)) gives the capsule from
# before version 1, "dltensor", and jax.dlpack.from_dlpack() refuses a "dltensor_versioned", however new the caller. A
# good engineer would expect version 1, which has the read-only flag, from the newest JAX, whose arrays are immutable. So
# who reads JAX must take both capsules, and must know by itself that the memory may not be written.
#
# Fails when JAX behaves in another way. Needs the package registry; changes nothing outside a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

"$folder/environment/bin/python" - << 'END'
import ctypes
import sys

import jax
import numpy

name_of = ctypes.pythonapi.PyCapsule_GetName
name_of.restype, name_of.argtypes = ctypes.c_char_p, (ctypes.py_object,)


class OfVersion1:
    """numpy's tensor of version 1, as an object that gives no other."""

    values = numpy.arange(3)

    def __dlpack__(self, **_):
        return self.values.__dlpack__(max_version=(1, 0))

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


given = name_of(jax.numpy.arange(3).__dlpack__(max_version=(1, 0))).decode()
assert name_of(OfVersion1().__dlpack__()) == b"dltensor_versioned"
try:
    jax.dlpack.from_dlpack(OfVersion1())
    taken = "takes"
except Exception as error:
    taken = "refuses"
    print(f"  {error}")
print(f"jax {jax.__version__} gives {given!r} when it is asked for version 1, and {taken} 'dltensor_versioned'")
if (given, taken) != ("dltensor", "refuses"):
    sys.exit("this has changed: it was 'dltensor' and refuses")
END
