"""What runs in a kernel's name, found in /proc and not asked of anyone."""

import dataclasses
import os
import pathlib
import signal
import time

MARK = "FASCICLE_KERNEL_MARK"
"""The variable by which all that descend from a kernel are known, whoever their parent is by now."""

EVALUATES = b"EVCXR_IS_RUNTIME=1"
"""What evcxr gives the process that runs the cells; its workers, and what they start, inherit it."""

GUARDIAN = "fascicle-guard"
"""What the process is called that watches over a run's workers."""

EVERY = 0.005
"""Seconds between two looks."""


@dataclasses.dataclass(frozen=True)
class Process:
    """A process that bears the mark, or a dead child of one that nobody has waited for."""

    pid: int
    parent: int
    dead: bool
    evaluates: bool
    guards: bool


def family(mark):
    """All living processes that bear the mark, and their dead children, by number."""
    found = {}
    unmarked = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name may hold anything; what follows its last parenthesis does not.
            name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
            state, parent = rest.split()[:2]
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # It has ended meanwhile, or is another user's.
        evaluates, guards = EVALUATES in variables, name == GUARDIAN
        process = Process(int(entry.name), int(parent), state in "ZX", evaluates, guards)
        if f"{MARK}={mark}".encode() in variables:
            found[process.pid] = process
        elif process.dead:
            unmarked.append(process)
    found.update({process.pid: process for process in unmarked if process.parent in found})
    return found


def seconds_until(condition, most):
    """How long it takes until a condition holds; None if it does not for so long."""
    start = time.monotonic()
    while True:
        holds = condition()
        took = time.monotonic() - start
        if holds:
            return took
        if took > most:
            return None
        time.sleep(EVERY)


def kill_all(mark):
    """Kills whatever bears the mark, and what that has started meanwhile."""
    while living := [process.pid for process in family(mark).values() if not process.dead]:
        for pid in living:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(EVERY)
