"""What can go wrong in a notebook, tried in a stock evcxr_jupyter over the Jupyter protocol, and how long its
user waits.

    hazards.py [ROW …]      these rows or all, as a table, each in a kernel of its own; after all of them the
                            timings, and what `:dep` costs to compile
    hazards.py write        all, and brings the tables into docs/notebook.md
    hazards.py row ROW      one row: its figure, and failure if it is not as wanted
    hazards.py list         the names of all rows
"""

import pathlib
import signal
import sys
import time
import traceback

import timings
from found import Found, load
from kernel import ROOT, GivenUp, Kernel
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
    """Tries rows, and prints each when it is done. The table, and whether all are as wanted."""
    start, all_reached, lines = time.monotonic(), True, []

    def put(line):
        print(line, flush=True)
        lines.append(f"{line}\n")

    put("| hazard | wanted | figure | verdict |\n|---|---|---|---|")
    for name in names:
        found = measure(name)
        _, hazard, wanted = ROWS[name]
        verdict = "reached" if found.reached else "MISSED"
        figure = found.figure().replace("|", "\\|").replace("\n", " ")
        put(f"| {hazard} | {wanted} | {figure} | {verdict} |")
        all_reached &= found.reached
    print(f"\n{len(names)} rows in {time.monotonic() - start:.0f} s.\n", flush=True)
    return "".join(lines), all_reached


def everything(write):
    """All tables."""
    tables = {"hazards": table(list(ROWS))}
    for name, measured in [("timings", timings.table), ("compilation", timings.compilation)]:
        tables[name] = measured()
        print(tables[name][0], flush=True)
    if write:
        bring_into(ROOT / "docs/notebook.md", {name: text for name, (text, _) in tables.items()})
    return all(reached for _, reached in tables.values())


def bring_into(path: pathlib.Path, tables):
    """Puts tables between the marks that have their names."""
    text = path.read_text()
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        head, found, rest = text.partition(begin)
        _, also_found, tail = rest.partition(end)
        if not (found and also_found):
            sys.exit(f"{path} lacks the marks of {name}")
        text = f"{head}{begin}\n\n{table.strip()}\n\n{end}{tail}"
    path.write_text(text)


def main(words):
    # A program in the background ignores it, and so would the kernels that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # So that whoever has had enough of it ends the kernel too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    if words == ["list"]:
        print("\n".join(ROWS))
        return True
    alone = words[:1] == ["row"]
    names = [] if words == ["write"] else words[1:] if alone else words
    if unknown := [name for name in names if name not in ROWS]:
        sys.exit(f"there is no row `{unknown[0]}`, but {', '.join(ROWS)}")
    if not words or words == ["write"]:
        return everything(bool(words))
    if not alone:
        return table(names)[1]
    found = measure(names[0])
    print(found.figure())
    return found.reached


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
