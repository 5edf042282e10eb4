"""How long the user of a notebook waits, in a stock evcxr_jupyter, with the library compiled."""

import dataclasses
import statistics
import subprocess
import time

from kernel import FIRST_CELL, ROOT, Kernel

KERNELS = 3
"""Kernels that are started, one after the other; the median counts."""

DEP = f"""
:dep fascicle = {{ path = "{ROOT}/crates/fascicle" }}
use fascicle::prelude::*;
"""

FIRST_RUN = """
let mut sim = Simulation::new(SpinBoson::default(), MeanField::default());
sim.settings.num_trajs = 200;
sim.settings.dt_update = 0.01;
sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
let data = parallel_driver_multiprocessing(&sim, 4)?;
data
"""

LET = "let x = vec![1.0, 2.0];\nx.iter().sum::<f64>()"
"""For the first variable evcxr has rust-analyzer look at all libraries that there are."""

SPEEDS = """
fn time(model: impl Model) -> f64 {
    let mut sim = Simulation::new(model, MeanField::default());
    sim.settings.num_trajs = 400;
    sim.settings.tmax = 5.0;
    sim.settings.dt_update = 0.01;
    sim.settings.progress_bar = false;
    sim.initial_state.wf_db = vec![c64(1.0, 0.0), c64(0.0, 0.0)];
    let start = std::time::Instant::now();
    serial_driver(&sim).expect("it runs");
    1e6 * start.elapsed().as_secs_f64() / (400.0 * 500.0)
}
{
    let built_in = SpinBoson { A: 10, ..Default::default() };
    for _ in 0..5 {
        let general = time(WithoutFacts::new(&built_in));
        println!("{general} {} {}", time(OnBlocks::new(&built_in)), time(closures(&built_in)));
    }
}
"""


@dataclasses.dataclass
class Row:
    """A line of the table."""

    what: str
    figure: str
    wanted: str = ""
    reached: bool | None = None

    def line(self):
        verdict = {None: "", True: "reached", False: "MISSED"}[self.reached]
        return f"| {self.what} | {self.figure} | {self.wanted} | {verdict} |"


def seconds(what, times, most=None):
    """A row of times of all kernels."""
    figure = f"{statistics.median(times):.1f} s ({min(times):.1f} to {max(times):.1f})"
    if most is None:
        return Row(what, figure)
    return Row(what, figure, f"at most {most} s", statistics.median(times) <= most)


def ran(kernel, code):
    """Seconds that a cell takes, which must end well and show something if it is to."""
    reply = kernel.run(code)
    if reply.status != "ok" or reply.stderr and "error" in " ".join(reply.stderr):
        raise RuntimeError(f"the cell fails:\n{code}\n{reply}")
    return reply.seconds, reply


def one_kernel(times):
    """Adds what one kernel takes."""
    start = time.monotonic()
    with Kernel() as kernel:
        times["start"].append(time.monotonic() - start)
        kernel.within(FIRST_CELL)
        times["dep"].append(ran(kernel, DEP)[0])
        took, reply = ran(kernel, FIRST_RUN)
        if not reply.results:
            raise RuntimeError(f"the first run shows nothing: {reply}")
        times["first"].append(took)
        times["next"].append(ran(kernel, FIRST_RUN)[0])
        took, reply = ran(kernel, "data.plot_populations()")
        if "svg" not in str(reply.results):
            raise RuntimeError(f"the chart is not shown: {reply}")
        times["chart"].append(took)


def nothing():
    """Seconds of the first cells of a kernel whose only library has nothing in it: none can be quicker."""
    with Kernel() as kernel:
        kernel.within(FIRST_CELL)
        library = kernel.notebooks / "nothing"
        (library / "src").mkdir(parents=True)
        (library / "src/lib.rs").write_text("pub fn nothing() {}\n")
        manifest = '[package]\nname = "nothing"\nversion = "0.1.0"\nedition = "2024"\n'
        (library / "Cargo.toml").write_text(manifest)
        dep = f':dep nothing = {{ path = "{library}" }}\nuse nothing::*;'
        return ran(kernel, dep)[0] + ran(kernel, LET)[0]


def waiting():
    """Rows of what the user waits for."""
    with Kernel() as kernel:  # Whatever is not compiled yet.
        kernel.within(FIRST_CELL)
        ran(kernel, DEP + "println!(\"loaded\");")
    times = {name: [] for name in ["start", "dep", "first", "next", "chart"]}
    for _ in range(KERNELS):
        one_kernel(times)
    least = [nothing() for _ in range(KERNELS)]
    result = [sum(pair) for pair in zip(times["dep"], times["first"], strict=True)]
    return [
        seconds("the kernel starts", times["start"]),
        seconds("the cell with `:dep` and `use`", times["dep"]),
        seconds("the cell of the first run, four processes, data shown", times["first"]),
        seconds("both: to the first result, warm", result, 5),
        seconds("as much with a library of nothing: evcxr's own share", least),
        seconds("that cell again", times["next"]),
        seconds("a chart of it", times["chart"]),
    ]


def models():
    """Rows of models that cells define, beside the built-in one without its facts."""
    with Kernel() as kernel:
        kernel.within(FIRST_CELL)
        ran(kernel, DEP)
        took, _ = ran(kernel, (ROOT / "tests/src/users.rs").read_text())
        _, reply = ran(kernel, SPEEDS)
    rounds = [[float(word) for word in line.split()] for line in reply.stdout]
    rows = [seconds("a cell with models: traits and closures, 300 lines", [took])]
    for name, side, wanted in [("trait on blocks", 1, 0.33), ("closures", 2, 0.10)]:
        shares = [times[0] / times[side] for times in rounds]
        median = statistics.median(shares)
        own = statistics.median(times[side] for times in rounds)
        figure = f"{own:.3f} µs, share {median:.2f} ({min(shares):.2f} to {max(shares):.2f})"
        what = f"{name}, defined in a cell: time per trajectory and step, share of the built-in's speed without facts"
        rows.append(Row(what, figure, f"at least {wanted}", median >= wanted))
    return rows


def table():
    """The table of timings, and whether all is as wanted."""
    rows = waiting() + models()
    head = "| what | figure | wanted | verdict |\n|---|---|---|---|\n"
    return head + "".join(f"{row.line()}\n" for row in rows), all(row.reached is not False for row in rows)


def compilation():
    """What `:dep` costs to compile, as tables, and whether that is as wanted."""
    command = ["cargo", "run", "--quiet", "--locked", "-p", "fascicle-tests", "--bin", "dep_cost"]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return ended.stdout, ended.returncode == 0
