"""What it costs mpi4py.futures to hand out a task that does nothing, in seconds.

    mpirun -n 3 python -m mpi4py.futures tests/mpi/futures.py TASKS
"""

import sys
import time

from mpi4py.futures import MPIPoolExecutor


def nothing(task):
    return task


def main():
    tasks = int(sys.argv[1])
    with MPIPoolExecutor() as pool:
        assert sum(pool.map(nothing, range(100))) == 4950
        start = time.perf_counter()
        total = sum(pool.map(nothing, range(tasks)))
        seconds = time.perf_counter() - start
    assert total == tasks * (tasks - 1) // 2
    print(seconds / tasks)


if __name__ == "__main__":
    main()
