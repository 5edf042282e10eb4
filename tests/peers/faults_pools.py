"""The faults of the table on Python's pools, as a Markdown table.

    faults_pools.py TASKS
"""

import concurrent.futures
import os
import signal
import sys
import threading
import time

import loky

TASKS = int(sys.argv[1])


def work(task):
    time.sleep(0.002)
    return task


def killed(task):
    if task == 37:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.002)
    return task


def exits(task):
    if task == 37:
        os._exit(3)
    time.sleep(0.002)
    return task


def large(size):
    return bytes(size)


def nothing(task):
    return task


def outcome(futures):
    """How many results came, and what the others say."""
    done, errors = 0, {}
    for future in futures:
        try:
            future.result(timeout=60)
            done += 1
        except BaseException as error:  # noqa: BLE001
            name = type(error).__name__
            errors[name] = errors.get(name, 0) + 1
    said = ", ".join(f"{count} × {name}" for name, count in errors.items())
    return f"{done} of {len(futures)} results{'; ' + said if said else ''}"


def random_kill(make):
    """One worker is killed from outside, mid-task."""
    with make() as pool:
        futures = [pool.submit(work, task) for task in range(200)]
        futures[5].result()
        processes = list(pool._processes.values())
        os.kill(processes[0].pid, signal.SIGKILL)
        return outcome(futures)


def poison(make, task):
    with make() as pool:
        return outcome([pool.submit(task, number) for number in range(100)])


def sizes(make):
    with make() as pool:
        wanted = [0, 65535, 65536, 65537, 256 << 20]
        exact = sum(pool.submit(large, size).result() == bytes(size) for size in wanted)
        return f"{exact} of {len(wanted)} exact"


def trivial(make):
    with make() as pool:
        list(pool.map(nothing, range(10)))
        start = time.perf_counter()
        list(pool.map(nothing, range(TASKS)))
        return f"{1e6 * (time.perf_counter() - start) / TASKS:.0f} µs each"


def storm(make):
    """New pools while another thread changes the environment half of the time."""
    stop = threading.Event()

    def act():
        while not stop.is_set():
            end = time.perf_counter() + 0.0005
            while time.perf_counter() < end:
                os.environ["FASCICLE_STORM"] = "x"
            time.sleep(0.0005)

    thread = threading.Thread(target=act)
    thread.start()
    done = 0
    for _ in range(5):
        with make() as pool:
            futures = [pool.submit(nothing, task) for task in range(4)]
            done += len(concurrent.futures.wait(futures, timeout=20).done)
    stop.set()
    thread.join()
    return f"{done} of 20 results"


ROWS = [
    ("SIGKILL of a worker, mid-task, 200 tasks", random_kill),
    ("a task that kills its worker, 100 tasks", lambda make: poison(make, killed)),
    ("a task that exits, 100 tasks", lambda make: poison(make, exits)),
    ("results of 0 B, 64 KiB ± 1, 256 MB", sizes),
    (f"{TASKS} trivial tasks", trivial),
    ("new pools while the environment is stormed", storm),
]

POOLS = [
    ("loky " + loky.__version__, lambda: loky.ProcessPoolExecutor(2)),
    ("concurrent.futures", lambda: concurrent.futures.ProcessPoolExecutor(2)),
]


def tried(row, make):
    try:
        return row(make)
    except BaseException as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}".splitlines()[0]


if __name__ == "__main__":
    print("| the same on Python's pools | " + " | ".join(name for name, _ in POOLS) + " |")
    print("|---|" + "---|" * len(POOLS))
    for name, row in ROWS:
        print(f"| {name} | " + " | ".join(tried(row, make) for _, make in POOLS) + " |", flush=True)
