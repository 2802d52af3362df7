"""Tables between Manta and pandas, polars, duckdb and pyarrow, through the Arrow C stream.

python check_tables.py LIBRARY      tests/interop/run builds the library and calls this
"""

import ctypes
import datetime

import duckdb
import numpy
import pandas
import polars
import pyarrow

from capsules import capsule, is_read_only, library, pointer_of

for name in ("open_table", "column_nulls", "column_values", "column_masked", "column_chunks"):
    getattr(library, name).restype = ctypes.c_long
library.column_name.restype = library.column_type.restype = ctypes.c_char_p
STREAM_SIZE = 40


def names():
    found, i = [], 0
    while (name := library.column_name(ctypes.c_size_t(i))) is not None:
        found.append(name.decode())
        i += 1
    return found


def array_at(address, count, element):
    if count == 0:
        return numpy.empty(0, element)
    size = numpy.dtype(element).itemsize * count
    return numpy.frombuffer((ctypes.c_char * size).from_address(address), element)


class Theirs:
    """A table of another library, as Manta sees it."""

    def __init__(self, frame):
        self.stream = frame.__arrow_c_stream__()
        self.rows = library.open_table(ctypes.c_void_p(pointer_of(self.stream)))
        assert self.rows >= 0, library.last_error()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library.close_table()

    def type(self, name):
        return library.column_type(name.encode()).decode()

    def nulls(self, name):
        return library.column_nulls(name.encode())

    def chunks(self, name, element):
        return library.column_chunks(name.encode(), element.encode())

    def values(self, name, element, nulls_as_nan=False):
        data = ctypes.c_void_p()
        count = library.column_values(name.encode(), element.encode(), nulls_as_nan, ctypes.byref(data))
        assert count == self.rows, library.last_error()
        return array_at(data.value, count, element).tolist()

    def address(self, name, element):
        data = ctypes.c_void_p()
        library.column_values(name.encode(), element.encode(), False, ctypes.byref(data))
        return data.value

    def masked(self, name, element):
        """The values, with None for nulls."""
        data = ctypes.c_void_p()
        parts = []
        for mask in (True, False):
            count = library.column_masked(name.encode(), element.encode(), mask, ctypes.byref(data))
            assert count == self.rows, library.last_error()
            parts.append(array_at(data.value, count, "?" if mask else element).tolist())
        return [None if null else value for null, value in zip(*parts)]

    def refusal(self, name, element="f8", nulls_as_nan=False):
        data = ctypes.c_void_p()
        count = library.column_values(name.encode(), element.encode(), nulls_as_nan, ctypes.byref(data))
        assert count == -1
        return library.last_error().decode()


DAY = datetime.date(2024, 5, 17)
WHEN = datetime.datetime(2024, 5, 17, 12, 30)
DAYS = (DAY - datetime.date(1970, 1, 1)).days
MICROSECONDS = (WHEN - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def same(values, wanted):
    """Equal, NaN and NaN, too."""
    numpy.testing.assert_array_equal(values, wanted)


def pandas_to_ours():
    frame = pandas.DataFrame({
        "price": [1.5, None, 3.5, 4.5],
        "count": [1, 2, 3, 4],
        "small": numpy.array([1, 2, 3, 4], "u2"),
        "flag": [True, False, True, True],
        "town": ["a", "b", None, "d"],
        "when": pandas.to_datetime([WHEN] * 4),
        "there": pandas.to_datetime([WHEN] * 4).tz_localize("Europe/Berlin"),
        "took": pandas.to_timedelta([1, 2, 3, 4], unit="s"),
        "kind": pandas.Categorical(["x", "y", "x", "x"]),
        "maybe": pandas.array([1, None, 3, 4], "Int32"),
    })
    with Theirs(frame) as table:
        assert names() == list(frame.columns) and table.rows == 4
        same(table.values("price", "f8", True), [1.5, numpy.nan, 3.5, 4.5])
        assert table.nulls("price") == 1 and table.masked("price", "f8") == [1.5, None, 3.5, 4.5]
        assert "1 of its 4 rows are null" in table.refusal("price")
        assert table.values("count", "i8") == [1, 2, 3, 4] and table.values("small", "u2") == [1, 2, 3, 4]
        assert table.values("flag", "?") == [True, False, True, True]
        assert table.type("when").startswith("timestamp in ") and table.type("there").endswith("Europe/Berlin")
        unit = {"seconds": 10**6, "milliseconds": 1000, "microseconds": 1}[table.type("when").split()[-1]]
        assert table.values("when", "i8") == [MICROSECONDS // unit] * 4
        assert table.type("took").startswith("duration in ") and len(set(table.values("took", "i8"))) == 4
        assert table.masked("maybe", "i4") == [1, None, 3, 4]
        assert "large string, which no Array can hold" in table.refusal("town")
        assert "dictionary (categories) of" in table.refusal("kind")
        assert "ask for std::int64_t, not for double" in table.refusal("count")
        assert "no int32 is NaN" in table.refusal("maybe", "i4", True)
    with Theirs(frame.iloc[1:3]) as table:
        assert table.values("count", "i8") == [2, 3] and table.values("flag", "?") == [False, True]
        assert table.masked("price", "f8") == [None, 3.5]
    with Theirs(frame["count"]) as table:
        assert table.values(names()[0], "i8") == [1, 2, 3, 4]
    with Theirs(frame.iloc[:0]) as table:
        assert table.values("price", "f8") == []


def polars_to_ours():
    frame = polars.DataFrame({
        "price": [1.5, None, 3.5],
        "count": [1, 2, 3],
        "flag": [True, None, False],
        "town": ["a", "b", "c"],
        "day": [DAY] * 3,
        "when": [WHEN] * 3,
        "at": [datetime.time(0, 0, 1)] * 3,
        "took": [datetime.timedelta(seconds=1)] * 3,
        "none": polars.Series([None] * 3, dtype=polars.Null),
        "lists": [[1], [2], [3]],
        "small": polars.Series([1, 2, 3], dtype=polars.Float32),
    }).with_columns(kind=polars.col("town").cast(polars.Categorical), deci=polars.lit(1).cast(polars.Decimal(9, 2)))
    with Theirs(frame) as table:
        assert names() == frame.columns
        same(table.values("price", "f8", True), [1.5, numpy.nan, 3.5])
        assert table.masked("flag", "?") == [True, None, False]
        assert table.values("day", "i4") == [DAYS] * 3 and table.type("day") == "date in days"
        assert table.values("when", "i8") == [MICROSECONDS] * 3 and table.type("when") == "timestamp in microseconds"
        assert table.values("at", "i8") == [10**9] * 3 and table.type("at") == "time of day in nanoseconds"
        assert table.values("took", "i8") == [10**6] * 3 and table.type("took") == "duration in microseconds"
        assert table.values("small", "f4") == [1, 2, 3]
        for name, words in (("town", "string view"), ("none", "null, without values"), ("lists", "large list"),
                            ("kind", "dictionary (categories) of string view"), ("deci", "decimal(9,2)")):
            assert f'column "{name}": it holds {words}, which no Array can hold' in table.refusal(name), library.last_error()
    with Theirs(frame[1:]) as table:
        assert table.values("count", "i8") == [2, 3] and table.masked("flag", "?") == [None, False]
    with Theirs(frame["count"]) as table:
        assert names() == ["count"] and table.values("count", "i8") == [1, 2, 3]
    counts = polars.Series("count", [1, 2])
    counts.append(polars.Series([3]))
    with Theirs(counts) as table:
        assert table.chunks("count", "i8") == counts.n_chunks() == 2 and table.values("count", "i8") == [1, 2, 3]
    large = polars.DataFrame({"x": numpy.arange(10_000.0)})
    with Theirs(large) as table:
        assert table.address("x", "f8") == large["x"].to_numpy().ctypes.data  # no copy
    with Theirs(frame.select(polars.struct("count", "price").alias("both"))["both"]) as table:
        assert table.values("count", "i8") == [1, 2, 3]


def duckdb_to_ours():
    rows = 5000
    query = duckdb.connect().sql(f"""
        select i::int as i, i / 2.0 as half, i % 2 = 0 as even, i::varchar as town, date '1970-01-01' + i::int as day,
               timestamp '1970-01-01' + to_seconds(i) as t, timestamptz '1970-01-01 00:00:00+00' as z,
               case when i % 3 = 0 then null else i end as n, sum(i) over () as total, uuid() as id,
               interval 1 day as gap from range({rows}) r(i)""")
    with Theirs(query) as table:
        assert table.rows == rows and table.chunks("i", "i4") > 1
        numbers = list(range(rows))
        assert table.values("i", "i4") == numbers and table.values("day", "i4") == numbers
        assert table.values("half", "f8") == [i / 2 for i in numbers]
        assert table.values("even", "?") == [i % 2 == 0 for i in numbers]
        assert table.values("t", "i8") == [i * 10**6 for i in numbers]
        assert table.type("z").startswith("timestamp in microseconds, ") and set(table.values("z", "i8")) == {0}
        assert table.masked("n", "i8") == [None if i % 3 == 0 else i for i in numbers]
        assert table.nulls("n") == (rows + 2) // 3
        assert "decimal(38,0)" in table.refusal("total")
        assert "string" in table.refusal("town") and "interval of months, days and" in table.refusal("gap")


def pyarrow_to_ours():
    table = pyarrow.table({
        "price": pyarrow.chunked_array([[1.5, 2.5], [None, 4.5]]),
        "half": pyarrow.chunked_array([numpy.array([1, 2, 3, 4], "f2")]),
        "flag": pyarrow.chunked_array([[True], [None, False, True]]),
        "brain": pyarrow.array([b"\x80\x3f", b"\x00\x40", b"\x00\xc0", b"\x00\x00"], pyarrow.binary(2)),
    })
    with Theirs(table) as ours:
        assert ours.masked("price", "f8") == [1.5, 2.5, None, 4.5] and ours.values("half", "f2") == [1, 2, 3, 4]
        assert ours.masked("flag", "?") == [True, None, False, True]
    with Theirs(table.slice(1, 2)) as ours:
        assert ours.masked("price", "f8") == [2.5, None] and ours.masked("flag", "?") == [None, False]
    # A slice of structs keeps its offset, and its nulls, to itself: those of its columns are not changed.
    structs = pyarrow.array([{"x": 1, "b": True}, {"x": 2, "b": False}, None, {"x": 4, "b": None}, {"x": 5, "b": True}])
    with Theirs(pyarrow.chunked_array([structs.slice(1, 3), structs.slice(4)])) as ours:
        assert names() == ["x", "b"] and ours.rows == 4
        assert ours.masked("x", "i8") == [2, None, 4, 5] and ours.masked("b", "?") == [False, None, None, True]
    # Nulls that nobody counted: of a slice pyarrow exports -1.
    with Theirs(pyarrow.chunked_array([pyarrow.array([None, 1.0, None, 2.0]).slice(1)])) as ours:
        assert ours.nulls("") == 1
    batches = pyarrow.RecordBatchReader.from_batches(table.schema, iter([]))
    with Theirs(batches) as ours:
        assert ours.rows == 0 and ours.values("price", "f8") == []

    def fails():
        yield table.to_batches()[0]
        raise RuntimeError("the disk is on fire")

    stream = pyarrow.RecordBatchReader.from_batches(table.schema, fails()).__arrow_c_stream__()
    assert library.open_table(ctypes.c_void_p(pointer_of(stream))) == -1
    assert b"get_next failed: " in library.last_error() and b"the disk is on fire" in library.last_error()


class Ours:
    """A table of Manta's, which other libraries take as they take each other's."""

    def __init__(self, rows, with_half=True):
        self.rows, self.with_half, self.streams = rows, with_half, []

    def __arrow_c_stream__(self, requested_schema=None):
        stream = ctypes.create_string_buffer(STREAM_SIZE)
        self.streams.append(stream)  # it may be asked for several times
        library.export_our_table(ctypes.c_size_t(self.rows), self.with_half, stream)
        return capsule(ctypes.addressof(stream), b"arrow_array_stream")


ROWS = 20_000
SIZES = [None if i % 3 == 0 else i for i in range(ROWS)]


def ours_to_pyarrow():
    read = pyarrow.table(Ours(ROWS))
    read.validate(full=True)
    assert read.column_names == ["price", "flag", "size", "brain", "half"] and read.num_rows == ROWS
    price = read["price"].chunk(0).to_numpy(zero_copy_only=True)
    assert is_read_only(price.ctypes.data) and (price == 1.5 * numpy.arange(ROWS)).all()
    assert read["flag"].to_pylist() == [i % 2 != 0 for i in range(ROWS)]
    assert read["half"].type == pyarrow.float16() and set(read["half"].to_pylist()) == {0.5}
    assert read["brain"].type == pyarrow.binary(2) and set(read["brain"].to_pylist()) == {b"\x00\xc0"}
    assert read["size"].null_count == (ROWS + 2) // 3 and read["size"].to_pylist() == SIZES
    assert pyarrow.table(Ours(0)).num_rows == 0


def ours_to_polars():
    read = polars.DataFrame(Ours(ROWS))
    assert read["price"].sum() == 1.5 * sum(range(ROWS)) and read["flag"].sum() == ROWS // 2
    assert read["size"].to_list() == SIZES


def ours_to_pandas():
    read = pandas.DataFrame.from_arrow(Ours(ROWS))
    assert read["price"].sum() == 1.5 * sum(range(ROWS)) and read["flag"].sum() == ROWS // 2
    assert read["size"].isna().sum() == (ROWS + 2) // 3


def ours_to_duckdb():
    ours = Ours(ROWS, with_half=False)  # duckdb finds it by its name, and knows no half
    rows, price, sizes = duckdb.sql("select count(*), sum(price), count(size) from ours").fetchall()[0]
    assert (rows, price, sizes) == (ROWS, 1.5 * sum(range(ROWS)), ROWS - (ROWS + 2) // 3)


for check in (pandas_to_ours, polars_to_ours, duckdb_to_ours, pyarrow_to_ours, ours_to_pyarrow, ours_to_polars,
              ours_to_pandas, ours_to_duckdb):
    check()
    print(f"{check.__name__}: ok")
