"""CPython's pickle, protocol 5, with numpy arrays out of band, for serialization_bench.

cpython.py [--smoke]    prints `CASE WRITE_SECONDS READ_SECONDS` for each case that it can do; the fastest of 5 tries
Floor: none of its own; serialization_bench has them. Exit status: 1 when what was read is not what was written.
"""
import pickle
import sys
import time

import numpy as np

SMOKE = "--smoke" in sys.argv


def seconds_of(action):
    rounds, least = 1, 0 if SMOKE else 0.05
    best = None
    tries = 0
    while tries < (1 if SMOKE else 5):
        began = time.perf_counter()
        for _ in range(rounds):
            action()
        took = time.perf_counter() - began
        if took < least and tries == 0:
            rounds *= 2  # also warms up
            continue
        tries += 1
        best = took / rounds if best is None else min(best, took / rounds)
    return best


def measure(case, value, same):
    buffers = []

    def write():
        buffers.clear()
        return pickle.dumps(value, protocol=5, buffer_callback=buffers.append)

    data = write()

    def read():
        return pickle.loads(data, buffers=buffers)

    if not same(value, read()):
        sys.exit(f"cpython.py: {case}: what was read is not what was written")
    print(case, seconds_of(write), seconds_of(read), flush=True)


def same_arrays(a, b):
    return len(a) == len(b) and all(
        (x == y).all() and (x is a[0]) == (y is b[0]) for x, y in zip(a, b))


def main():
    count = 10 if SMOKE else 1000
    measure("rows", [np.arange(1000.0) + i for i in range(count)], same_arrays)
    measure("shared_row", [np.zeros(42)] * (5 if SMOKE else 99), same_arrays)
    entries = 100 if SMOKE else 100_000
    measure("dictionary", {f"key_{i}": i for i in range(entries)}, lambda a, b: a == b)


main()
