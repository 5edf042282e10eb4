"""What can go wrong in a notebook, tried in a stock evcxr_jupyter over the Jupyter protocol.

    hazards.py [ROW …]      these rows or all, as a table, each in a kernel of its own
    hazards.py row ROW      one row: its figure, and failure if it is not as wanted
    hazards.py list         the names of all rows
"""

import signal
import sys
import time
import traceback

from found import Found, load
from kernel import GivenUp, Kernel
from rows import ROWS


def measure(name):
    """Tries one row in a kernel of its own."""
    found = Found()
    try:
        with Kernel() as kernel:
            load(kernel)
            ROWS[name][0](kernel, found)
            left = kernel.of_runs() if kernel.is_alive() else kernel.family()
            found.add(f"{len(left)} orphans", not left)
    except Exception as error:  # A hang, or an answer that the row cannot read: what was heard is told.
        if not isinstance(error, GivenUp):
            traceback.print_exc()
        found.add(f"{type(error).__name__}: {error}", False)
    return found


def table(names):
    """Tries rows, and prints each when it is done. Whether all are as wanted."""
    print("| hazard | wanted | figure | verdict |\n|---|---|---|---|")
    start, all_reached = time.monotonic(), True
    for name in names:
        found = measure(name)
        _, hazard, wanted = ROWS[name]
        verdict = "reached" if found.reached else "MISSED"
        figure = found.figure().replace("|", "\\|").replace("\n", " ")
        print(f"| {hazard} | {wanted} | {figure} | {verdict} |", flush=True)
        all_reached &= found.reached
    print(f"\n{len(names)} rows in {time.monotonic() - start:.0f} s.")
    return all_reached


def main(words):
    # A program in the background ignores it, and so would the kernels that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # So that whoever has had enough of it ends the kernel too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    if words == ["list"]:
        print("\n".join(ROWS))
        return True
    alone = words[:1] == ["row"]
    names = words[1:] if alone else words
    if unknown := [name for name in names if name not in ROWS]:
        sys.exit(f"there is no row `{unknown[0]}`, but {', '.join(ROWS)}")
    if not alone:
        return table(names or list(ROWS))
    found = measure(names[0])
    print(found.figure())
    return found.reached


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
