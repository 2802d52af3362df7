"""Two modules with Manta inside, with a session each, in one process. Run by tests/install/run."""

import pathlib

import numpy
import tides
import waves

try:
    tides.start_without_worker()
except Exception as error:
    assert "InitOptions::worker.path" in str(error) and "before main" not in str(error), error
else:
    raise AssertionError("a session without a worker program")

waves.start(str(pathlib.Path(waves.__file__).parent))
tides.start(str(pathlib.Path(tides.__file__).parent))
assert tides.twice(21) == 42
assert numpy.isclose(waves.waves([0.1], 1000)[0][1], numpy.sin(0.1))
tides.stop()
assert waves.energy(numpy.ones(5)) == 5.0
waves.stop()
print("both work")
