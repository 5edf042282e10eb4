"""What a hazard has done, and the steps that many hazards have."""

import concurrent.futures
import pathlib
import time

import processes
from kernel import FIRST_CELL, READY, ROOT, GivenUp

WITHIN = 120
"""Seconds that a row has from when its kernel has loaded the library."""

AT_ONCE = 1.0
"""Seconds until no worker may be left of a run that is cut off."""

WATCH = 10
"""Seconds for which workers that are left are watched."""

PRELUDE = (pathlib.Path(__file__).parent / "prelude.rs").read_text()


class Found:
    """What a row has found, part by part; a part that is not as wanted is set in bold."""

    def __init__(self):
        self.parts = []
        self.reached = True

    def add(self, part, as_wanted):
        self.parts.append(part if as_wanted else f"**{part}**")
        self.reached &= bool(as_wanted)

    def figure(self):
        return ", ".join(self.parts)

    # Parts that many rows have.

    def at_work(self, workers):
        """There was something to go wrong."""
        self.add(f"{len(workers)} workers at work", len(workers) == 2)

    def gone(self, seconds, whose="workers"):
        """How quickly nothing was left."""
        if seconds is None:
            self.add(f"{whose} there after {WATCH} s", False)
        else:
            self.add(f"{whose} gone after {seconds:.2f} s", seconds <= AT_ONCE)

    def equal(self, reply, runs=1):
        """That all runs of a cell gave the serial driver's bits."""
        equal = reply.stdout.count("equal bits")
        as_wanted = equal == runs and reply.status == "ok"
        why = "" if as_wanted else f" ({' / '.join([*reply.errors, *reply.stderr][:9])})"
        self.add(f"{equal} of {runs} runs equal to serial{why}", as_wanted)

    def model(self, reply, which):
        """That a model of one's own ran as it is, see `run_model` in the prelude."""
        right = reply.status == "ok" and reply.stdout == ["equal bits", "right"]
        why = "" if right else f": {reply}"
        self.add(f"{which}: {'right and equal' if right else 'wrong'}{why} in {reply.seconds:.1f} s", right)

    def next_run(self, kernel):
        """That the next cell runs as ever."""
        reply = kernel.run("run_and_compare();")
        works = reply.status == "ok" and reply.stdout == ["equal bits"]
        self.add(f"next run {'equal to serial' if works else reply} in {reply.seconds:.1f} s", works)


def begin_long_run(kernel, found):
    """A cell whose run lasts, with two workers in it."""
    cell = kernel.begin('let data = run_and_tell(&long(), || println!("begun"));')
    cell.until_it_says("begun")
    found.at_work(kernel.workers())
    return cell


def watch_the_end(kernel, end):
    """Does something that ends the kernel; gives the seconds until all is gone that ran its cells."""
    before = {process.pid for process in kernel.family() if process.evaluates}

    def are_gone():
        return not any(each.pid in before for each in kernel.family())

    with concurrent.futures.ThreadPoolExecutor(1) as watcher:
        gone = watcher.submit(processes.seconds_until, are_gone, WATCH)
        end()
        return gone.result()


def load(kernel):
    """The cell that a notebook begins with; then the time of the row begins."""
    kernel.within(FIRST_CELL)
    dep = f':dep fascicle = {{ path = "{ROOT}/crates/fascicle" }}\n'
    reply = kernel.run(f'{dep}{PRELUDE}\nprintln!("loaded");')
    if reply.stdout != ["loaded"]:
        raise GivenUp(f"the library was not loaded: {reply}")
    kernel.within(WITHIN)


def start_again(kernel, found):
    """Another kernel after the last one was ended works."""
    kernel.within(READY)
    start = time.monotonic()
    kernel.start_again()
    load(kernel)
    found.add(f"next kernel ready in {time.monotonic() - start:.1f} s", True)
    found.next_run(kernel)
