"""What numpy and pyarrow make of Manta's arrays, and Manta of theirs: without a copy, read-only.

python check.py LIBRARY      LIBRARY is built of interop.cc; tests/interop/run does both.
"""

import ctypes
import pathlib
import pickle
import pickletools
import tempfile

import ml_dtypes
import numpy
import pyarrow

from capsules import is_read_only, library

for name in ("numbers_address", "pickle_stream", "pickle_buffer"):
    getattr(library, name).restype = ctypes.c_void_p
for name in ("export_numbers", "sum_of_ints", "save_numbers", "sum_of_file",
             "save_archive", "sum_of_archive"):
    getattr(library, name).restype = ctypes.c_double
for name in ("pickle_stream_size", "pickle_buffer_count", "pickle_buffer_size"):
    getattr(library, name).restype = ctypes.c_size_t

NUMBERS = numpy.arange(1000, dtype="f8")
ADDRESS = library.numbers_address()


def arrow_structs():
    array, schema = ctypes.create_string_buffer(80), ctypes.create_string_buffer(72)
    return array, schema, ctypes.addressof(array), ctypes.addressof(schema)


def arrow_reads_ours():
    array, schema, *addresses = arrow_structs()
    assert library.export_numbers(array, schema) == 0, library.last_error()
    read = pyarrow.Array._import_from_c(*addresses)
    read.validate(full=True)
    assert read.type == pyarrow.float64() and read.null_count == 0
    view = read.to_numpy(zero_copy_only=True)
    assert is_read_only(view.ctypes.data) and not view.flags.writeable  # a copy: there is no store
    assert (view == NUMBERS).all()


def sum_of_arrow(values):
    array, schema, *addresses = arrow_structs()
    values._export_to_c(*addresses)
    total = library.sum_of_ints(array, schema)
    if total < 0:  # still ours: let pyarrow release it
        pyarrow.Array._import_from_c(*addresses)
    return total


def ours_reads_arrow():
    values = pyarrow.array(range(1000), pyarrow.int32())
    assert sum_of_arrow(values) == 499500
    assert sum_of_arrow(values.slice(990, 5)) == 990 + 991 + 992 + 993 + 994
    assert sum_of_arrow(pyarrow.array([], pyarrow.int32())) == 0
    assert sum_of_arrow(pyarrow.array([1, None], pyarrow.int32())) == -1
    assert b"1 of its 2 rows are null" in library.last_error()
    assert sum_of_arrow(pyarrow.array([1.0])) == -1
    assert b"holds float64: ask for double, not for std::int32_t" in library.last_error()


def files():
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = pathlib.Path(folder, "ours.npy"), pathlib.Path(folder, "theirs.npy")
        assert library.save_numbers(str(ours).encode()) == 0, library.last_error()
        mapped = numpy.load(ours, mmap_mode="r")
        assert mapped.shape == (10, 100) and (mapped.ravel() == NUMBERS).all()
        assert mapped.ctypes.data % 64 == 0
        for version in ((1, 0), (2, 0), (3, 0)):
            with open(theirs, "wb") as file:
                numpy.lib.format.write_array(file, numpy.arange(12, dtype="f4"), version=version)
            assert library.sum_of_file(str(theirs).encode()) == 66, library.last_error()
        numpy.save(theirs, numpy.arange(12, dtype=">f4"))
        assert library.sum_of_file(str(theirs).encode()) == -1 and b">f4" in library.last_error()


def archives():
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = pathlib.Path(folder, "ours.npz"), pathlib.Path(folder, "theirs.npz")
        assert library.save_archive(str(ours).encode()) == 0, library.last_error()
        with numpy.load(ours) as read:
            assert read.files == ["numbers", "none"] and read["none"].shape == (0,)
            assert read["numbers"].shape == (10, 100) and (read["numbers"].ravel() == NUMBERS).all()
        values = {"x": numpy.arange(12, dtype="f4"), "grün": numpy.ones(1000, dtype="f4")}
        for save in (numpy.savez, numpy.savez_compressed):
            save(theirs, **values)
            for name, value in values.items():
                total = library.sum_of_archive(str(theirs).encode(), name.encode())
                assert total == value.sum(), library.last_error()
        assert library.sum_of_archive(str(theirs).encode(), b"y") == -1
        assert b'no array "y"' in library.last_error()


def taken_pickle():
    """The stream, and the buffers where Manta has them."""
    stream = ctypes.string_at(library.pickle_stream(), library.pickle_stream_size())
    buffers = [(ctypes.c_char * library.pickle_buffer_size(i)).from_address(library.pickle_buffer(i))
               for i in range(library.pickle_buffer_count())]
    pickletools.dis(stream, out=open("/dev/null", "w"))  # well-formed, and nothing is left
    return stream, buffers


def check_zoo(zoo, in_band):
    assert (zoo.small, zoo.large, zoo.flag, zoo.real, zoo.color) == (-7, 2**64 - 1, True, 0.1, 1)
    assert (zoo.wave, zoo.text, zoo.binary, zoo.none) == (1 - 2j, "grün", b"\xff", None)
    assert (zoo.either, zoo.pair, zoo.words) == ("or", (1, "one"), ["a", "b"])
    assert zoo.numbers.dtype == "i4" and zoo.numbers.tolist() == [1, 2, 3]
    assert not zoo.numbers.flags.writeable
    assert zoo.points["x"].tolist() == [1.5, 2.5] and zoo.points["y"].tolist() == [-2, 7]
    assert zoo.points["weights"].tolist() == [[3, 4], [5, 6]]
    assert zoo.points["name"].tolist() == [b"ab", b"ab"] and zoo.codes.tolist() == [b"abc", b"d"]
    assert zoo.half == numpy.float16(0.1) and zoo.halves.dtype == "f2" and zoo.halves.tolist() == [1.5, -65504]
    assert zoo.brains.dtype == ml_dtypes.bfloat16
    assert (zoo.brains == numpy.array([1.5, 1e38], ml_dtypes.bfloat16)).all()
    assert zoo.grid.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert zoo.table["empty"].shape == (0,) and zoo.table["one"].tolist() == [1]
    assert zoo.by_place == {(1, 2): 3} and zoo.keys == {(1,), (1, 2)}
    assert zoo.several == [(1, 2), (1, 3)] and zoo.bits == 2**69 and zoo.wait == 1500
    assert zoo.matrix == [[1, 2, 3], [4, 5, 6]]
    assert zoo.samples.shape == (10, 100) and (zoo.samples.ravel() == NUMBERS).all()
    assert not zoo.samples.flags.writeable
    assert all(one is zoo.samples for one in zoo.same)
    assert zoo.tiny[0] is zoo.tiny[1] and zoo.tiny[0].tolist() == [0, 1, 2]
    assert bytes(zoo.raw) == b"raw bytes"
    assert zoo.anna is zoo.anna_again and zoo.anna.friend_of.friend_of is zoo.anna
    assert zoo.anna.gone is None and zoo.anna.friend_of.name == "Bert"
    assert zoo.owned == 5 and zoo.shape.radius == 2 and zoo.reduced == ("p", 1)
    if not in_band:
        assert zoo.samples.ctypes.data == ADDRESS


def pickles():
    for in_band in (False, True):
        library.pickle_zoo(in_band)
        stream, buffers = taken_pickle()
        assert (len(buffers) == 0) == in_band
        check_zoo(pickle.loads(stream, buffers=buffers), in_band)
        check_zoo(pickle._loads(stream, buffers=buffers), in_band)  # Python's own in Python
    library.pickle_long_list()
    link, count = pickle.loads(taken_pickle()[0]), 0
    while link is not None:
        link, count = link.next, count + 1
    assert count == 200000


for check in (arrow_reads_ours, ours_reads_arrow, files, archives, pickles):
    check()
    print(f"{check.__name__}: ok")
