"""Say what an HDF5 file of results holds, and whether QC Lab can load it.

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/check_hdf5.py FILE [--qclab]

Prints JSON: for each dataset at the root its dtype, shape and sums (of the real and of the imaginary
parts), and the attribute `log` with its type. With --qclab the file is also loaded with QC Lab, and
the keys, dtypes and values that it finds must be those in the file. Exit status 1 on trouble.
"""

import argparse
import json
import sys

import h5py
import numpy as np


def read(path):
    """The root datasets, the log and its type as stored."""
    with h5py.File(path, "r") as file:
        groups = [key for key, item in file.items() if not isinstance(item, h5py.Dataset)]
        if groups:
            raise ValueError(f"not datasets at the root: {groups}")
        if "log" not in file.attrs:
            raise ValueError("no attribute log at the root")
        log_id = file.attrs.get_id("log")
        string = h5py.check_string_dtype(log_id.dtype)
        if string is None:
            raise ValueError(f"the attribute log is no string, but {log_id.dtype}")
        length = "variable" if string.length is None else str(string.length)
        log = file.attrs["log"]
        log_type = f"{type(log).__name__}, {string.encoding}, length {length}, shape {log_id.shape}"
        return {key: item[()] for key, item in file.items()}, log, log_type


def check_with_qclab(path, data, log):
    """Load with QC Lab and compare; raises on any difference."""
    from qclab import Data

    loaded = Data().load(path)
    if set(loaded.data_dict) != set(data):
        raise ValueError(f"QC Lab finds {sorted(loaded.data_dict)}, the file has {sorted(data)}")
    for key, value in data.items():
        other = np.asarray(loaded.data_dict[key])
        value = np.asarray(value)
        if other.dtype != value.dtype or not np.array_equal(other, value, equal_nan=True):
            raise ValueError(f"QC Lab finds another {key}")
    if loaded.log != log:
        raise ValueError("QC Lab finds another log")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("file")
    parser.add_argument("--qclab", action="store_true", help="load it with QC Lab, too")
    args = parser.parse_args()
    try:
        data, log, log_type = read(args.file)
        out = {}
        for key, value in data.items():
            value = np.asarray(value)
            total = complex(np.sum(value))
            out[key] = {"dtype": str(value.dtype), "shape": list(value.shape),
                        "sum_re": total.real, "sum_im": total.imag}
        out["log_type"] = log_type
        out["log"] = log if isinstance(log, str) else repr(log)
        if args.qclab:
            check_with_qclab(args.file, data, log)
            out["qclab"] = "keys and arrays equal"
    except Exception as error:  # any trouble is the answer
        print(f"{args.file}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
