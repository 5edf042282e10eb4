"""Write golden data of NumPy's legacy random numbers (MT19937).

    python -m venv venv
    venv/bin/pip install -r tests/peers/requirements.txt
    venv/bin/python tests/peers/make_random.py tests/golden/numpy-legacy

uniform.json
  hash       for each seed 0..999, in order: 64-bit FNV-1a, as 16 hex digits, of the 8000
             little-endian bytes of RandomState(seed).random_sample(1000)
  apart      for some seeds far out: the same hash, and the first 5 values in full
normal.bin   for seeds 0..999 in order, 500 bytes each: the low 4 bits of the bit pattern of each of
             RandomState(seed).normal(size=1000), two values a byte, the first in the low nibble
normal.json
  draws      which of the 1000 values are given in full
  values     for each seed 0..999, in order: those values

Uniform numbers are the same on every machine. Normal ones go through the logarithm of the C library
(named in normal.json), so their last bits may differ elsewhere.
"""

import argparse
import json
import os
import platform

import numpy as np

SEEDS = range(1000)
APART = [4294967295, 2147483648, 12345]
DRAWS = [0, 1, 999]


def fnv1a(rows):
    """64-bit FNV-1a of each row of bytes, as hex."""
    state = np.full(len(rows), 0xCBF29CE484222325, dtype=np.uint64)
    prime = np.uint64(0x100000001B3)
    for column in rows.T:
        state = (state ^ column) * prime
    return [f"{value:016x}" for value in state.tolist()]


def write(path, content):
    """Write compact JSON."""
    with open(path, "w", encoding="ascii") as file:
        file.write(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("outdir")
    outdir = parser.parse_args().outdir
    os.makedirs(outdir, exist_ok=True)
    assert fnv1a(np.frombuffer(b"a", dtype=np.uint8)[None]) == ["af63dc4c8601ec8c"]

    def uniform(seeds):
        draws = np.array([np.random.RandomState(seed).random_sample(1000) for seed in seeds])
        return draws, fnv1a(draws.astype("<f8").view(np.uint8))

    _, hashes = uniform(SEEDS)
    far, far_hashes = uniform(APART)
    write(os.path.join(outdir, "uniform.json"), {
        "numpy": np.__version__,
        "hash": hashes,
        "apart": [{"seed": seed, "hash": digest, "first": draws[:5].tolist()}
                  for seed, digest, draws in zip(APART, far_hashes, far)],
    })

    draws = np.array([np.random.RandomState(seed).normal(size=1000) for seed in SEEDS])
    low = (draws.view(np.uint64) & np.uint64(15)).astype(np.uint8)
    with open(os.path.join(outdir, "normal.bin"), "wb") as file:
        file.write((low[:, 0::2] | (low[:, 1::2] << 4)).tobytes())
    write(os.path.join(outdir, "normal.json"), {
        "numpy": np.__version__,
        "libc": " ".join(platform.libc_ver()),
        "machine": platform.machine(),
        "draws": DRAWS,
        "values": draws[:, DRAWS].tolist(),
    })


if __name__ == "__main__":
    main()
