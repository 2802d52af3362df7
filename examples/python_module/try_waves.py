"""Tasks of C++ from Python. Prints what tests/install/run expects:

    3 waves of 100000 numbers, read-only, in shared memory
    energy: 49998.5
"""

import pathlib

import numpy
import waves

waves.start(str(pathlib.Path(waves.__file__).parent))
results = waves.waves([0.1, 0.2, 0.3], 100_000)

assert all(numpy.allclose(result, numpy.sin(frequency * numpy.arange(100_000)))
           for result, frequency in zip(results, [0.1, 0.2, 0.3]))
assert not any(result.flags.writeable for result in results)


def file_at(address):
    """The file whose memory lies at the address."""
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        place, _, _, _, _, *file = line.split(maxsplit=5)
        begin, end = (int(number, 16) for number in place.split("-"))
        if begin <= address < end:
            return file[0] if file else ""
    return ""


assert all("manta-store" in file_at(result.ctypes.data) for result in results)
print(f"{len(results)} waves of {results[0].size} numbers, read-only, in shared memory")

print(f"energy: {waves.energy(results[0]):.1f}")
waves.stop()
assert numpy.isclose(results[0][1], numpy.sin(0.1))  # arrays outlive the session
