"""A stock evcxr_jupyter, spoken to as JupyterLab and nbclient do it."""

import collections
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import queue
import subprocess
import tempfile
import time
import uuid

import processes
from jupyter_client import KernelManager

ROOT = pathlib.Path(__file__).resolve().parents[2]
"""The repository."""

FIRST_CELL = 1200
"""Seconds for the cell that compiles the library, if nothing is compiled yet."""

READY = 120
"""Seconds until a kernel answers."""

LATE = 10
"""Seconds in which stderr may still come after a cell's end."""

LAST_WORDS = 12
"""Lines that are quoted of a kernel that is given up."""


class GivenUp(Exception):
    """The kernel did not do in time what was asked of it; the message has what was heard until then."""


def cache():
    """Where `./task jupyter` has put JupyterLab and the kernel's specification."""
    home = os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")
    return pathlib.Path(os.environ.get("FASCICLE_JUPYTER", pathlib.Path(home) / "fascicle/jupyter"))


def standard_library():
    """The folder that the compiler has it in."""
    command = ["rustc", "--print", "target-libdir"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclasses.dataclass
class Reply:
    """What came of a cell. evcxr's status is `ok` also after a panic."""

    status: str
    seconds: float
    stdout: list[str]
    stderr: list[str]
    errors: list[str]
    results: list[dict]


class Kernel:
    """A kernel that runs, alone on the folder of compiled libraries that kernels share one by one.

    Within a `with`, at whose end nothing of it is left. Its cells run in the folder `notebooks`, by default
    one that is new and empty. All waiting ends at a deadline, see `within`.
    """

    def __init__(self, notebooks=None):
        self.notebooks = notebooks
        self.mark = uuid.uuid4().hex
        self.heard = collections.deque(maxlen=LAST_WORDS)
        self.client = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            warm = cache() / "warm"
            self.environment = self._environment(warm)
            lock = stack.enter_context((warm / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.log = stack.enter_context((warm / "log.txt").open("w"))
            if not self.notebooks:
                empty = tempfile.TemporaryDirectory(prefix="fascicle-notebooks-")
                self.notebooks = pathlib.Path(stack.enter_context(empty))
            stack.callback(processes.kill_all, self.mark)
            self.within(READY)
            self._start_anew()
            self.at_end = stack.pop_all()
        return self

    def __exit__(self, *_):
        with self.at_end:
            self.client.stop_channels()

    def _environment(self, warm):
        """That of the kernel and of what comes from it."""
        for folder in ["build", "config"]:
            (warm / folder).mkdir(parents=True, exist_ok=True)
        # Where the specification is found. evcxr looks there whether that is of its own version.
        data = str(cache() / "data")
        os.environ.update(JUPYTER_PATH=data, JUPYTER_DATA_DIR=data)
        return os.environ | {
            "EVCXR_TMPDIR": str(warm / "build"),
            # Without a user's own settings.
            "EVCXR_CONFIG_DIR": str(warm / "config"),
            # Cells look for the standard library by a path that is relative to a folder one deeper than
            # theirs, and do not find it where they and the compiler are both in the home.
            "LD_LIBRARY_PATH": standard_library(),
            # Its own panics in one line; it asks for more of the process that runs the cells.
            "RUST_BACKTRACE": "0",
            processes.MARK: self.mark,
        }

    def restart(self, now):
        """Restarts it, as JupyterLab's button does; `now` without asking it to end by itself."""
        self._start(lambda **options: self.manager.restart_kernel(now=now, **options))

    def start_again(self):
        """Starts another one, after this one was ended."""
        self.manager.cleanup_resources()
        self._start_anew()

    def _start_anew(self):
        self.manager = KernelManager(kernel_name="rust")
        self._start(self.manager.start_kernel)

    def _start(self, start):
        if self.client:
            self.client.stop_channels()
        start(env=self.environment, cwd=str(self.notebooks), stdout=self.log, stderr=self.log)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=self.left())
        except RuntimeError as error:
            raise self.given_up(str(error)) from error

    def within(self, seconds):
        """Sets the deadline."""
        self.deadline = time.monotonic() + seconds

    def run(self, code):
        """Runs a cell."""
        return self.begin(code).finish()

    def begin(self, code):
        """Begins a cell."""
        return Cell(self, code)

    # Its processes.

    @property
    def pid(self):
        """The kernel's own process."""
        return self.manager.provisioner.pid

    def is_alive(self):
        return self.manager.is_alive()

    def family(self):
        """All that have come from it, dead or not, and itself."""
        return processes.family(self.mark).values()

    def evaluation(self):
        """The process that runs the cells, which is the kernel's only child of its kind."""
        return self._evaluation(self.family())

    def workers(self):
        """What is at work for the process that runs the cells, dead or not."""
        return {each.pid for each in self._of_runs() if not each.guards}

    def of_runs(self):
        """All that has come from the process that runs the cells, dead or not."""
        return {each.pid for each in self._of_runs()}

    def _of_runs(self):
        family = self.family()
        evaluation = self._evaluation(family)
        ours = [each for each in family if each.evaluates or each.parent == evaluation]
        return [each for each in ours if each.pid != evaluation]

    def _evaluation(self, family):
        pids = [each.pid for each in family if each.evaluates and each.parent == self.pid]
        return pids[0] if pids else None

    # What is said about it.

    def left(self):
        """Seconds until the deadline, of which there are some."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.given_up("the time is over")
        return left

    def given_up(self, why):
        """An error that says why, and what was heard."""
        log = pathlib.Path(self.log.name).read_text().splitlines()
        words = [*self.heard, *log[-LAST_WORDS:]]
        return GivenUp(f"{why}; heard until then: {' / '.join(words) or 'nothing'}")


class Prepared(Kernel):
    """All that a kernel needs but the kernel, which others start in its environment."""

    def _start_anew(self):
        pass

    def __exit__(self, *_):
        self.at_end.close()


class Cell:
    """A cell that runs."""

    def __init__(self, kernel, code):
        self.kernel = kernel
        self.began = time.monotonic()
        self.stdout, self.stderr, self.errors, self.results = [], [], [], []
        self.idle = False
        self.id = kernel.client.execute(code, store_history=True, allow_stdin=False)

    def until_it_says(self, line):
        """Waits for a line on its stdout. That the cell ends without it is an error."""
        while line not in self.stdout:
            if self.idle:
                raise self.kernel.given_up(f"the cell has not said `{line}`")
            self._hear()

    def finish(self):
        """Waits for its end."""
        while not self.idle:
            self._hear()
        reply = self._reply()
        seconds = time.monotonic() - self.began
        status = reply["content"]["status"]
        return Reply(status, seconds, self.stdout, self.stderr, self.errors, self.results)

    def listen(self, is_enough):
        """Hears for a while what comes late: evcxr passes stderr on by a thread that no cell waits for."""
        until = time.monotonic() + LATE
        while not is_enough() and time.monotonic() < until:
            self._hear()

    def _reply(self):
        while True:
            try:
                reply = self.kernel.client.get_shell_msg(timeout=self.kernel.left())
            except queue.Empty:
                continue
            if reply["parent_header"].get("msg_id") == self.id:
                return reply

    def _hear(self):
        """Takes in a message, if one comes soon."""
        try:
            message = self.kernel.client.get_iopub_msg(timeout=min(0.2, self.kernel.left()))
        except queue.Empty:
            return
        if message["parent_header"].get("msg_id") != self.id:
            return
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                lines = content["text"].removesuffix("\n").split("\n")
                (self.stdout if content["name"] == "stdout" else self.stderr).extend(lines)
                self.kernel.heard.extend(lines)
            case "error":
                self.errors.append(content["evalue"])
                self.kernel.heard.append(content["evalue"])
            case "execute_result" | "display_data":
                self.results.append(content["data"])
            case "status":
                self.idle = content["execution_state"] == "idle"
