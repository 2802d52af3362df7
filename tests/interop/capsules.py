"""What the checks share: the library, PyCapsules, and where memory may be written."""

import ctypes
import pathlib
import sys

library = ctypes.CDLL(sys.argv[1])
library.last_error.restype = ctypes.c_char_p

_api = ctypes.pythonapi
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = (ctypes.py_object, ctypes.c_char_p)
_api.PyCapsule_GetName.restype = ctypes.c_char_p
_api.PyCapsule_GetName.argtypes = (ctypes.py_object,)
_api.PyCapsule_SetName.argtypes = (ctypes.py_object, ctypes.c_char_p)

USED = {b"dltensor": b"used_dltensor", b"dltensor_versioned": b"used_dltensor_versioned"}


def capsule(pointer, name):
    return _api.PyCapsule_New(pointer, name, None)


def name_of(taken):
    return _api.PyCapsule_GetName(taken)


def pointer_of(taken):
    return _api.PyCapsule_GetPointer(taken, name_of(taken))


def mark_used(taken):
    """So that the capsule does not free the tensor that was taken over."""
    _api.PyCapsule_SetName(taken, USED[name_of(taken)])


def is_read_only(address):
    """Whether the memory at the address lies in a mapping that nobody may write to, whoever ignores a flag."""
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        place, permissions, *_ = line.split()
        begin, end = (int(number, 16) for number in place.split("-"))
        if begin <= address < end:
            return permissions.startswith("r-")
    return False
