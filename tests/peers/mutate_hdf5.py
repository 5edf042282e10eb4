"""Count how libhdf5, through h5py, survives damaged files.

    venv/bin/python tests/peers/mutate_hdf5.py FILE --rounds 2000

Each round changes a copy of FILE (a flipped bit, a cut, an overwritten byte, a filled range) and reads
all of it in a child process. Prints how many children read something, refused with an exception, died
by a signal, or took longer than two seconds.
"""

import argparse
import collections
import os
import random
import signal
import tempfile
import time

import h5py


def damage(whole, dice):
    """A damaged copy of the bytes."""
    data = bytearray(whole)
    at = dice.randrange(len(data))
    kind = dice.randrange(4)
    if kind == 0:
        data[at] ^= 1 << dice.randrange(8)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        data[at] = dice.randrange(256)
    else:
        end = min(at + 1 + dice.randrange(16), len(data))
        data[at:end] = bytes([dice.choice([0, 255])]) * (end - at)
    return bytes(data)


def read(path):
    """Read everything in a file."""
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, item: item[()] if isinstance(item, h5py.Dataset) else None)
        dict(file.attrs)


def outcome(path):
    """What becomes of a child that reads the file."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            read(path)
            os._exit(0)
        except BaseException:
            os._exit(1)
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.WIFSIGNALED(status):
                return signal.Signals(os.WTERMSIG(status)).name
            return ["read", "refused"][os.WEXITSTATUS(status)]
        time.sleep(0.0002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "over two seconds"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("file")
    parser.add_argument("--rounds", type=int, default=2000)
    args = parser.parse_args()
    with open(args.file, "rb") as file:
        whole = file.read()
    dice = random.Random(0)
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "damaged.h5")
        for _ in range(args.rounds):
            with open(path, "wb") as file:
                file.write(damage(whole, dice))
            counts[outcome(path)] += 1
    print("libhdf5", h5py.version.hdf5_version, dict(counts.most_common()))


if __name__ == "__main__":
    main()
