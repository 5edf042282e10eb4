"""Print what h5py finds in a file that `Data::save` wrote.

    venv/bin/python tests/peers/read_hdf5.py FILE

Prints JSON: the groups at the root, and the bits of each real dataset there as integers.
"""

import json
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "r") as file:
    out = {"groups": sorted(key for key, item in file.items() if isinstance(item, h5py.Group))}
    for key, item in file.items():
        if isinstance(item, h5py.Dataset) and item.dtype == np.float64:
            out[key] = item[()].ravel().view(np.uint64).tolist()
    # Everything in the file can be read.
    file.visititems(lambda name, item: item[()] if isinstance(item, h5py.Dataset) else None)
print(json.dumps(out))
