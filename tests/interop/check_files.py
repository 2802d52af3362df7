"""What Manta makes of numpy's files, and numpy of Manta's: each array is saved by numpy, read and written again by Manta,
and loaded by numpy.

python check_files.py LIBRARY      as check.py
"""

import ctypes
import pathlib
import sys
import tempfile
import zipfile

import ml_dtypes
import numpy

library = ctypes.CDLL(sys.argv[1])
for name in ("last_error", "info_of", "members_of"):
    getattr(library, name).restype = ctypes.c_char_p

folder = tempfile.TemporaryDirectory()
THEIRS, OURS = pathlib.Path(folder.name, "theirs.npy"), pathlib.Path(folder.name, "ours.npy")


def as_argument(value):
    return str(value).encode()


def error():
    return library.last_error().decode()


def copied():
    """What numpy reads, after Manta, mapped as it is."""
    mapped = numpy.load(OURS, mmap_mode="r") if OURS.stat().st_size > 128 else numpy.load(OURS)
    assert mapped.dtype == numpy.load(OURS).dtype
    return mapped


def copy_of(array, cpp_type):
    numpy.save(THEIRS, array)
    assert library.copy_npy(as_argument(cpp_type), as_argument(THEIRS), as_argument(OURS)) == 0, error()
    return copied()


def bytes_of(array):
    """Its bytes in C order. Of a long double those ten that mean something: Manta writes zeros into the other six."""
    data = array.tobytes()
    return data if array.dtype != numpy.longdouble else b"".join(data[i:i + 10] for i in range(0, len(data), 16))


def expect_same(array, cpp_type):
    copy = copy_of(array, cpp_type)
    assert copy.dtype == array.dtype and copy.shape == array.shape, (copy.dtype, copy.shape)
    assert bytes_of(copy) == bytes_of(array), cpp_type


def orders():
    shapes = [(), (6,), (0,), (1, 5), (5, 1), (0, 3), (3, 0), (2, 3), (3, 4, 5), (2, 1, 3, 4), (3000, 2), (2, 3000),
              (900, 700)]
    for shape in shapes:
        values = numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape)
        for dtype, cpp_type in (("f8", "double"), ("u1", "uint8"), ("i2", "int16"), ("f4", "float"),
                                ("c8", "complex<float>"), ("f16", "long double"), ("S3", "array<char, 3>"),
                                ("U3", "array<char32_t, 3>")):
            array = numpy.asarray(values % 100).astype(dtype)
            expect_same(array, cpp_type)
            expect_same(numpy.asfortranarray(array) if shape else array, cpp_type)
            expect_same(array.T, cpp_type)
    expect_same(numpy.asfortranarray(numpy.arange(24, dtype="f4").reshape(4, 2, 3)), "array<float, 3>")


def spellings():
    for descr, cpp_type in (("<u1", "uint8"), (">u1", "uint8"), ("<i1", "int8"), ("<b1", "bool"), ("?", "bool"),
                            ("=f8", "double"), ("f8", "double"), ("d", "double"), ("float64", "double"),
                            ("|f8", "double"), ("e", "float16")):
        array = numpy.arange(2).astype(descr)
        dict_text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, ), }}\n".encode()
        THEIRS.write_bytes(b"\x93NUMPY\1\0" + len(dict_text).to_bytes(2, "little") + dict_text + array.tobytes())
        assert (numpy.load(THEIRS) == array).all()
        assert library.copy_npy(as_argument(cpp_type), as_argument(THEIRS), as_argument(OURS)) == 0, error()
        assert (numpy.load(OURS) == array).all()
        assert library.info_of(as_argument(THEIRS)).decode() == f"{array.dtype.str} (2,) C"


def parts(file):
    """Header without its spaces, and data. numpy leaves room in the header for a longer shape."""
    header, _, data = file.read_bytes().partition(b"\n")
    return header[10:].rstrip(), data


def headers():
    """Ours are what numpy writes."""
    for array in (numpy.zeros(6), numpy.zeros((2, 3)), numpy.zeros(()), numpy.zeros((1, 2, 3))):
        copy_of(array, "double")
        assert parts(OURS) == parts(THEIRS), parts(OURS)
    copy_of(numpy.zeros(3, RECORD), "Record")
    assert parts(OURS) == parts(THEIRS), parts(OURS)


PAIR = numpy.dtype([("tag", "i1"), ("value", "f8")], align=True)
FIELDS = [("x", "f8"), ("y", "i2"), ("weights", "f4", (2,)), ("pair", PAIR, (2,)), ("name", "S8"), ("on", "?"),
          ("half", "f2"), ("when", "M8[us]")]
RECORD = numpy.dtype(FIELDS, align=True)


def records(dtype):
    array = numpy.zeros((3, 2), dtype)
    array["x"], array["y"], array["on"], array["half"] = 1.5, -3, True, 0.25
    array["weights"] = [1, 2]
    array["pair"]["tag"], array["pair"]["value"] = 7, [0.5, 0.75]
    array["name"][1, 1] = b"eight ch"
    array["when"] = numpy.datetime64("2026-01-02T03:04:05.678901", "us")
    array["x"][2, 1] = 9
    return array


def structs():
    expect_same(records(RECORD), "Record")
    packed_pair = [("value", "f8"), ("tag", "i1")]
    packed = [packed_pair if name == "pair" else kind for name, kind, *_ in FIELDS]
    packed = numpy.dtype([(field[0], kind, *field[2:]) for field, kind in zip(FIELDS, packed)][::-1])
    for array in (records(packed), numpy.asfortranarray(records(packed))):
        copy = copy_of(array, "Record")
        assert copy.dtype == RECORD
        for name in ("x", "y", "weights", "name", "on", "half", "when"):
            assert (copy[name] == array[name]).all(), name
        assert (copy["pair"]["value"] == array["pair"]["value"]).all()


def texts_and_times():
    expect_same(numpy.array([b"abc", b"", b"z"]), "array<char, 3>")
    expect_same(numpy.array(["grü", "", "z"]), "array<char32_t, 3>")
    copy = copy_of(numpy.array([b"abc", b"de"]), "char")
    assert copy.shape == (2, 3) and copy.tobytes() == b"abcde\0"
    times = numpy.array(["2026-01-01T00:00:00.000001", "NaT", "1969-01-01"], "M8[us]")
    expect_same(times, "sys_time<microseconds>")
    expect_same(numpy.array([1, -2, "NaT"], "m8[ns]"), "nanoseconds")
    assert (copy_of(times, "int64") == times.view("i8")).all()
    assert library.info_of(as_argument(THEIRS)).decode() == "<M8[us] (3,) C"
    assert library.copy_npy(b"nanoseconds", as_argument(THEIRS), as_argument(OURS)) == -1
    assert "points in time in us" in error()


def small_floats():
    values = numpy.array([0, 1, -2.5, 0.1, 65504, numpy.inf, numpy.nan, 1e-7])
    expect_same(values.astype("f2"), "float16")
    copy = copy_of(values.astype(ml_dtypes.bfloat16), "bfloat16")
    assert copy.view(ml_dtypes.bfloat16).tobytes() == values.astype(ml_dtypes.bfloat16).tobytes()
    assert parts(OURS) == parts(THEIRS)
    for kind in (ml_dtypes.float8_e4m3fn, ml_dtypes.int4, ml_dtypes.float8_e5m2):  # of the last numpy loads no file
        array = numpy.ones(3).astype(kind)
        assert copy_of(array, "Float8")["bits"].tobytes() == array.tobytes()


def refusals():
    for array, words in ((numpy.array([{"a": 1}], dtype=object), "Python objects"),
                         (numpy.zeros(2, ">f8"), "big-endian"),
                         (numpy.zeros(2, "f4"), "load_npy<float>")):
        numpy.save(THEIRS, array)
        assert library.copy_npy(b"double", as_argument(THEIRS), as_argument(OURS)) == -1
        assert words in error()


def archives():
    archive = THEIRS.with_suffix(".npz")
    values = numpy.arange(6.0).reshape(2, 3)
    for save in (numpy.savez, numpy.savez_compressed):
        large = numpy.asfortranarray(numpy.ones((900, 700)))
        save(archive, c=values, f=numpy.asfortranarray(values), big=large, r=records(RECORD))
        with zipfile.ZipFile(archive, "a") as members:
            members.writestr("readme.txt", "no array")
        lines = library.members_of(as_argument(archive)).decode().splitlines()
        assert lines[:3] == ["big: <f8 (900,700,) F", "c: <f8 (2,3,) C", "f: <f8 (2,3,) F"], lines
        assert len(lines) == 4 and lines[3].startswith("r: [('x', '<f8'), ('y', '<i2'), ('', '|V2')"), lines
        for name in ("c", "f"):
            assert library.extract_doubles(as_argument(archive), as_argument(name), as_argument(OURS)) == 0, error()
            assert (copied() == values).all()
        assert library.extract_doubles(as_argument(archive), b"big", as_argument(OURS)) == 0
        assert copied().sum() == 630000
        assert library.extract_doubles(as_argument(archive), b"readme.txt", as_argument(OURS)) == -1
        assert "is no array" in error()


for check in (orders, spellings, headers, structs, texts_and_times, small_floats, refusals, archives):
    check()
    print(f"{check.__name__}: ok")
folder.cleanup()
