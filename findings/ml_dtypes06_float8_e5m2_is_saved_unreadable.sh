#!/usr/bin/env bash
# ml_dtypes 0.6.0 with numpy 2.4.6: an array of float8_e5m2 is saved by numpy.save without a warning, and numpy.load
# does not read the file: "descr is not a valid dtype descriptor: '<f1'". A good engineer would expect of it what all
# other types of ml_dtypes do: they are saved as raw bytes ('<V1', '<V2'), are loaded as such, and are what they were
# after .view(the type). So the data of this one type is out of reach for numpy.load, in .npz files too.
#
# Fails when it behaves in another way. Needs python3, pip and the network; changes nothing outside a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv environment
environment/bin/pip install -q numpy==2.4.6 ml_dtypes==0.6.0
environment/bin/python - <<'PYTHON'
import io
import sys

import ml_dtypes
import numpy

print(f"numpy {numpy.__version__}, ml_dtypes {ml_dtypes.__version__}")


def saved_and_loaded(dtype):
    array, file = numpy.array([1, 0.5], dtype=dtype), io.BytesIO()
    numpy.save(file, array)
    descr = file.getvalue().split(b"'descr': ")[1].split(b",")[0].decode()
    file.seek(0)
    try:
        back = numpy.load(file).view(dtype)
        result = "comes back" if (back == array).all() else "comes back changed"
    except ValueError as error:
        result = f"is not loaded: {error}"
    print(f"{numpy.dtype(dtype)}: saved as {descr}, {result}")
    return descr, result


seen = [saved_and_loaded(one) for one in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2fnuz)]
expected = [("'<V2'", "comes back"), ("'<V1'", "comes back"), ("'<V1'", "comes back")]
lost = saved_and_loaded(ml_dtypes.float8_e5m2)
if seen != expected or lost[0] != "'<f1'" or not lost[1].startswith("is not loaded: descr is not a valid dtype"):
    sys.exit("this has changed")
PYTHON
