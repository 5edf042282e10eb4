"""The hazards, one by one. Each is tried in a kernel that has loaded the library and `prelude.rs`."""

import os
import signal

import processes
from found import AT_ONCE, WATCH, WITHIN, begin_long_run, load, start_again, watch_the_end
from kernel import READY

BLOCKS = 13
"""Blocks of trajectories in a quick run, in seven batches."""


def panic_worker(kernel, found):
    reply = kernel.run("""
        let poison = quick_and(|seeds| assert!(!seeds.contains(&Seed(60)), "poison"));
        match parallel_driver_multiprocessing(&poison, 2) {
            Err(fascicle::Error::Failed { failures, batches, finished, .. }) => {
                println!("{} of {batches} failed", failures.len());
                let named = failures[0].to_string();
                println!("{}", named.contains("poison") && failures[0].seeds.contains(&Seed(60)));
                let seeds = RunOptions::new().with_seeds(finished.seeds().to_vec());
                let serial = Driver::Serial.run(&quick(), seeds).expect("it runs");
                println!("{}", serial.digest() == finished.digest());
            }
            other => println!("{other:?}"),
        }
    """)
    found.add("1 of 7 batches failed", reply.stdout[:1] == ["1 of 7 failed"])
    found.add("seeds and panic named", reply.stdout[1:2] == ["true"])
    found.add("the others' bits equal to serial", reply.stdout[2:] == ["true"])
    found.next_run(kernel)


def panic_cell(kernel, found):
    cell = kernel.begin("""
        let go_on = std::path::Path::new("go_on");
        run_and_tell(&long(), || {
            println!("begun");
            while !go_on.exists() {
                thread::sleep(Duration::from_millis(1));
            }
            panic!("the listener gives up");
        });
    """)
    cell.until_it_says("begun")
    found.at_work(kernel.workers())
    (kernel.notebooks / "go_on").touch()
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH))
    reply = cell.finish()
    cell.listen(lambda: "the listener gives up" in reply.stderr)
    found.add("the panic is shown", "the listener gives up" in reply.stderr)
    found.next_run(kernel)


def prints(kernel, found):
    cell = kernel.begin(r"""
        let talkative = quick_and(|seeds| {
            println!("whole {}", seeds[0]);
            eprintln!("error {}", seeds[0]);
            print!("part {}", seeds[0]);
            print!(" of a line\r");
        });
        compare(&parallel_driver_multiprocessing(&talkative, 2).expect("it runs"));
        let silent_end = quick_and(|_| print!("no end "));
        compare(&parallel_driver_multiprocessing(&silent_end, 1).expect("it runs"));
    """)
    reply = cell.finish()
    told = "\n".join(line for line in reply.stdout if " | " in line)

    def complaints():
        return sum(" | error " in line for line in reply.stderr)

    cell.listen(lambda: complaints() == BLOCKS)
    # What has no end is told with what comes next.
    counts = [told.count(f"{word} ") for word in ["whole", "part", "no end"]]
    found.add(f"{counts[0]} of {BLOCKS} whole lines", counts[0] == BLOCKS)
    found.add(f"{counts[1]} of {BLOCKS} unfinished", counts[1] == BLOCKS)
    found.add(f"{counts[2]} of {BLOCKS} without any end", counts[2] == BLOCKS)
    found.add(f"{complaints()} of {BLOCKS} on stderr", complaints() == BLOCKS)
    found.equal(reply, 2)
    found.next_run(kernel)


def exits(kernel, found):
    """What the cell has printed and not flushed is in the workers' memory too, and `exit` would write it."""
    reply = kernel.run(r"""
        let leaving = quick_and(|seeds| {
            if seeds[0] == Seed(0) && std::fs::File::create_new("once").is_ok() {
                std::process::exit(3);
            }
        });
        print!("part ");
        let data = parallel_driver_multiprocessing(&leaving, 2).expect("it runs");
        println!("of a line");
        compare(&data);
        println!("{} lost", data.provenance().runs[0].workers_lost);
    """)
    told = [line for line in reply.stdout if "part" in line or "of a line" in line]
    found.add(f"the cell's line told {len(told)} time(s)", told == ["part of a line"])
    found.add("the worker replaced", reply.stdout[-1:] == ["1 lost"])
    found.equal(reply)
    found.next_run(kernel)


MARKERS = [
    "EVCXR_EXECUTION_COMPLETE",
    "EVCXR_PANIC_NOTIFICATION",
    "EVCXR_ERROR_OCCURRED",
    "EVCXR_VARIABLE_CHANGED_TYPE:kept",
    "EVCXR_INPUT_REQUEST:name",
    "EVCXR_BEGIN_CONTENT text/html",
    "<b>not shown as HTML</b>",
    "EVCXR_END_CONTENT",
    "some EVCXR_BEGIN_CONTENT text/html",
]
"""Lines that mean something to evcxr where it reads them from a cell."""


def markers(kernel, found):
    """A marker that gets through ends the cell early, or keeps it waiting for ever."""
    lines = "".join(f'println!("{marker}"); ' for marker in MARKERS)
    kernel.run("let kept = 37;")
    reply = kernel.run(f"""
        let mischievous = quick_and(|seeds| if seeds[0] == Seed(0) {{ {lines} }});
        compare(&parallel_driver_multiprocessing(&mischievous, 2).expect("it runs"));
    """)
    # What would begin rich output is told with another kind of space.
    told = [line.replace("\N{NO-BREAK SPACE}", " ") for line in reply.stdout]
    heard = sum(any(line.endswith(f" | {marker}") for line in told) for marker in MARKERS)
    found.add(f"{heard} of {len(MARKERS)} lines told as text", heard == len(MARKERS))
    found.add(f"{len(reply.results)} taken for results", not reply.results)
    found.equal(reply)
    lines = "\\n".join(MARKERS)
    shown = kernel.run(f"""
        let poison = quick_and(|seeds| assert!(!seeds.contains(&Seed(60)), "poison\\n{lines}"));
        parallel_driver_multiprocessing(&poison, 2)
    """)
    found.add("an error with them shown", any("poison" in str(result) for result in shown.results))
    kept = kernel.run('println!("{kept}");')
    found.add("variables kept", kept.stdout == ["37"])
    found.next_run(kernel)


def interrupt(kernel, found):
    cell = begin_long_run(kernel, found)
    kernel.manager.interrupt_kernel()
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH))
    found.add("the cell fails", cell.finish().status == "error")
    found.next_run(kernel)


def sigint(kernel, found):
    cell = begin_long_run(kernel, found)
    os.kill(kernel.evaluation(), signal.SIGINT)
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH))
    found.add("the cell is well", cell.finish().status == "ok")
    reply = kernel.run('println!("{} {}", data.seeds().len(), data.missing().len());')
    kept, missing = map(int, reply.stdout[0].split())
    whole = kept > 0 and missing > 0 and kept + missing == 400_000
    found.add(f"{kept} of {kept + missing} trajectories kept", whole)
    found.next_run(kernel)


def sigint_kernel(kernel, found):
    begin_long_run(kernel, found)
    found.gone(watch_the_end(kernel, lambda: os.kill(kernel.pid, signal.SIGINT)), "evaluation and workers")
    start_again(kernel, found)


def shutdown(kernel, found):
    begin_long_run(kernel, found)
    found.gone(watch_the_end(kernel, kernel.manager.shutdown_kernel), "evaluation and workers")
    start_again(kernel, found)


def sigkill_kernel(kernel, found):
    begin_long_run(kernel, found)
    found.gone(watch_the_end(kernel, lambda: os.kill(kernel.pid, signal.SIGKILL)), "evaluation and workers")
    start_again(kernel, found)


def sigkill_evaluation(kernel, found):
    cell = begin_long_run(kernel, found)
    os.kill(kernel.evaluation(), signal.SIGKILL)
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH))
    found.add("the cell fails", cell.finish().status == "error")
    found.next_run(kernel)


def restart_command(kernel, found):
    """The cell is over, and its thread runs on."""
    # In a block: evcxr forgets variables at a restart, and misses them at the next cell.
    kernel.run("""{
        let (tell, told) = mpsc::channel();
        thread::spawn(move || run_and_tell(&long(), || tell.send(()).expect("the cell waits")));
        told.recv().expect("it begins");
    }""")
    found.at_work(kernel.workers())
    cell = kernel.begin(":restart")
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH))
    found.add("restarted", cell.finish().status == "ok")
    found.next_run(kernel)


def restart_kernel(kernel, found):
    begin_long_run(kernel, found)
    kernel.within(READY)
    found.gone(watch_the_end(kernel, lambda: kernel.restart(now=False)), "evaluation and workers")
    load(kernel)
    found.next_run(kernel)


def command(kernel, found):
    """What a command reads must not be what the kernel tells the process that runs the cells."""
    reply = kernel.run(r"""
        use std::process::Command;
        let commanding = quick_and(|seeds| {
            let counted = Command::new("wc").arg("-c").output().expect("it runs");
            println!("read {}", String::from_utf8_lossy(&counted.stdout).trim());
            let told = Command::new("echo").arg(format!("told {}", seeds[0])).status();
            assert!(told.expect("it runs").success());
        });
        compare(&parallel_driver_multiprocessing(&commanding, 2).expect("it runs"));
    """)
    read = sum(line.endswith(" | read 0") for line in reply.stdout)
    told = sum(" | told " in line for line in reply.stdout)
    found.add(f"{read} of {BLOCKS} commands read an empty input", read == BLOCKS)
    found.add(f"{told} of {BLOCKS} commands' outputs told", told == BLOCKS)
    found.equal(reply)
    found.next_run(kernel)


def command_interrupted(kernel, found):
    """A worker that is killed does not take with it what it waits for."""
    cell = kernel.begin(r"""
        let waiting = quick_and(|_| {
            std::process::Command::new("sleep").arg("300").status().expect("it runs");
        });
        let data = parallel_driver_multiprocessing(&waiting, 2);
    """)
    both = processes.seconds_until(lambda: len(kernel.workers()) == 4, WITHIN) is not None
    found.add(f"{2 if both else 'not 2'} workers that wait for 2 commands", both)
    kernel.manager.interrupt_kernel()
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH), "workers and commands")
    found.add("the cell fails", cell.finish().status == "error")
    found.next_run(kernel)


def rayon(kernel, found):
    """The pool that a worker inherits has no threads; one that is used would be waited for for ever."""
    reply = kernel.run("""
        :dep rayon = "1.12"
        use rayon::prelude::*;
        fn sum(to: u64) -> u64 { (1..=to).into_par_iter().sum() }
        println!("{} in the cell", sum(1000));
        let parallel = quick_and(|_| println!("{}", sum(1000)));
        compare(&parallel_driver_multiprocessing(&parallel, 2).expect("it runs"));
        println!("{} in the cell", sum(1000));
    """.replace("\n        ", "\n"))
    here = reply.stdout.count("500500 in the cell")
    there = sum(line.endswith(" | 500500") for line in reply.stdout)
    found.add(f"{here} of 2 sums in the cell", here == 2)
    found.add(f"{there} of {BLOCKS} in workers", there == BLOCKS)
    found.equal(reply)
    found.next_run(kernel)


def many_lines(kernel, found):
    reply = kernel.run("""
        let talkative = quick_and(|seeds| {
            for seed in seeds {
                for line in 0..500 {
                    println!("trajectory {seed} has come to line {line}");
                }
            }
        });
        compare(&parallel_driver_multiprocessing(&talkative, 2).expect("it runs"));
    """)
    told = [line.partition(" | ")[2] for line in reply.stdout if " | " in line]
    wanted = {f"trajectory {seed} has come to line {line}" for seed in range(200) for line in range(500)}
    once = len(told) == len(wanted) and set(told) == wanted
    found.add(f"{len(told)} of {len(wanted)} lines told, each once", once)
    found.equal(reply)
    found.add(f"in {reply.seconds:.1f} s", True)
    found.next_run(kernel)


def large_text(kernel, found):
    reply = kernel.run("""
        let talkative = quick_and(|seeds| {
            if seeds[0] == Seed(0) {
                println!("{}", "0123456789abcdef".repeat(1 << 19));
            }
        });
        compare(&parallel_driver_multiprocessing(&talkative, 2).expect("it runs"));
    """)
    told = "".join(line.partition(" | ")[2] for line in reply.stdout)
    found.add(f"{len(told) / 2**20:.2f} of 8 MiB told", told == "0123456789abcdef" * 2**19)
    found.equal(reply)
    found.add(f"in {reply.seconds:.1f} s", True)
    found.next_run(kernel)


def two_runs(kernel, found):
    # In a block: evcxr cannot keep closures.
    cell = kernel.begin("""{
        run_and_compare();
        run_and_compare();
        let slow = quick_and(|_| thread::sleep(Duration::from_millis(100)));
        let run = || compare(&parallel_driver_multiprocessing(&slow, 2).expect("it runs"));
        thread::scope(|scope| {
            scope.spawn(run);
            scope.spawn(run);
        });
    }""")
    at_once = processes.seconds_until(lambda: len(kernel.workers()) == 4, WITHIN)
    together = at_once is not None
    found.add(f"{4 if together else 'not 4'} workers at work at once", together)
    found.equal(cell.finish(), 4)
    found.next_run(kernel)


def thread(kernel, found):
    """The cell that starts the thread is over at once, and a later one waits for it."""
    first = kernel.run("""
        let running = thread::spawn(|| {
            let slow = quick_and(|_| thread::sleep(Duration::from_millis(500)));
            parallel_driver_multiprocessing(&slow, 2).expect("it runs")
        });
        thread::sleep(Duration::from_millis(200));
    """)
    found.at_work(kernel.workers())
    found.add(f"the cell's reply after {first.seconds:.1f} s", first.status == "ok")
    found.equal(kernel.run('compare(&running.join().expect("it ends"));'))
    found.add(f"{len(kernel.of_runs())} processes left", not kernel.of_runs())
    found.next_run(kernel)


def after_interrupted(kernel, found):
    """With what it has kept, the next run goes on."""
    cell = kernel.begin("""
        let slow = quick_and(|_| thread::sleep(Duration::from_millis(100)));
        let data = run_and_tell(&slow, || println!("begun"));
    """)
    cell.until_it_says("begun")
    found.at_work(kernel.workers())
    os.kill(kernel.evaluation(), signal.SIGINT)
    found.gone(processes.seconds_until(lambda: not kernel.of_runs(), WATCH))
    cell.finish()
    reply = kernel.run("""
        println!("{}", data.seeds().len());
        let rest = RunOptions::new().with_seeds(data.missing().to_vec()).with_append(&data);
        compare(&Driver::Processes(2).run(&slow, rest).expect("it runs"));
    """)
    kept = int(reply.stdout[0])
    found.add(f"gone on after {kept} of 200 trajectories", 0 < kept < 200)
    found.equal(reply)
    found.next_run(kernel)


DIMER = """
    struct Dimer { gap: f64 }
    impl Model for Dimer {
        fn num_quantum_states(&self) -> usize { 2 }
        fn num_classical_coordinates(&self) -> usize { 1 }
        fn h_q(&self, h: &mut Hermitian) {
            h.add_constant(0, 0, c64(GAP, 0.0));
            h.add_constant(1, 0, c64(0.5, 0.0));
        }
        fn h_qc(&self, z: &Coords, h: &mut Hermitian) {
            h.add_re(0, 0, z.re[0] * 0.6);
            h.add_re(1, 1, z.re[0] * -0.6);
        }
        fn init_classical(&self) -> Sampler<'_> {
            Sampler::new(|draws, z| z[0] = c64(0.0, draws.normal()))
        }
    }
"""


def model_trait(kernel, found):
    """A trait that a cell implements, in two versions."""
    for version, gap in enumerate(["self.gap", "2.0 * self.gap"]):
        model = DIMER.replace("GAP", gap)
        reply = kernel.run(f"{{ {model} run_model(Dimer {{ gap: 0.3 }}, {gap.replace('self.gap', '0.3')}); }}")
        found.model(reply, ["first", "redefined"][version])
    # At the top of a cell, where a later definition replaces an earlier one.
    for version, gap in enumerate(["self.gap", "2.0 * self.gap"]):
        kernel.run(DIMER.replace("GAP", gap))
        reply = kernel.run(f"run_model(Dimer {{ gap: 0.3 }}, {gap.replace('self.gap', '0.3')});")
        found.model(reply, ["in a cell before", "redefined there"][version])
    found.next_run(kernel)


def model_closures(kernel, found):
    """Closures with variables of the notebook, in two versions."""
    kernel.run("let mut gap = 0.3; let coupling = vec![0.6, -0.6];")
    for version in ["first", "redefined"]:
        reply = kernel.run("""
            let slope = coupling.clone();
            let dimer = ClosureModel::new("dimer", 2, 1)
                .with_h_q(move |h| {
                    h[(0, 0)] = c64(gap, 0.0);
                    h[(1, 0)] = c64(0.5, 0.0);
                })
                .with_h_qc(move |z, h| {
                    h[(0, 0)] = c64(slope[0] * z[0].re, 0.0);
                    h[(1, 1)] = c64(slope[1] * z[0].re, 0.0);
                })
                .with_init_classical(|draws, z| z[0] = c64(0.0, draws.normal()));
            run_model(dimer, gap);
        """)
        found.model(reply, version)
        kernel.run("gap = 0.6;")
    found.next_run(kernel)


EQUAL = "the run and the next one equal to serial, bit for bit"
CUT_OFF = f"workers gone within {AT_ONCE:.0f} s, the next run equal to serial"
ENDED = f"evaluation and workers gone within {AT_ONCE:.0f} s, the next kernel's run equal to serial"

MODEL = "each version right, and equal to serial, bit for bit"

ROWS = {
    "panic_worker": (panic_worker, "panic in a worker", "only its batch fails, with seeds and cause"),
    "panic_cell": (panic_cell, "panic in the cell while workers run", CUT_OFF),
    "prints": (prints, "workers print, with and without line ends", "all told; " + EQUAL),
    "exits": (exits, "`exit` in a worker, a line begun in the cell", "the line told once; " + EQUAL),
    "markers": (markers, "workers print evcxr's markers", "told as text; " + EQUAL),
    "interrupt": (interrupt, "interrupt_request during a run", CUT_OFF),
    "sigint": (sigint, "SIGINT to the evaluation during a run", CUT_OFF + ", what is finished kept"),
    "sigint_kernel": (sigint_kernel, "SIGINT to the kernel during a run", ENDED),
    "shutdown": (shutdown, "kernel shutdown during a run", ENDED),
    "sigkill_kernel": (sigkill_kernel, "SIGKILL of the kernel during a run", ENDED),
    "sigkill_evaluation": (sigkill_evaluation, "SIGKILL of the evaluation during a run", CUT_OFF),
    "restart_command": (restart_command, "`:restart` while a thread runs", CUT_OFF),
    "restart_kernel": (restart_kernel, "kernel restart during a run", ENDED),
    "command": (command, "`Command` in a worker", "its input empty, its output told; " + EQUAL),
    "command_interrupted": (
        command_interrupted,
        "interrupt_request while workers wait for a `Command`",
        f"workers and commands gone within {AT_ONCE:.0f} s, the next run equal to serial",
    ),
    "rayon": (rayon, "rayon in a cell and in its workers", EQUAL),
    "many_lines": (many_lines, "100,000 lines of workers", "each told once; " + EQUAL),
    "large_text": (large_text, "a line of 8 MiB of a worker", "told whole; " + EQUAL),
    "two_runs": (two_runs, "two runs in a cell, and two more at once", "all equal to serial, bit for bit"),
    "thread": (thread, "a run in a spawned thread", EQUAL),
    "model_trait": (model_trait, "a trait implemented in a cell, 4 processes, redefined", MODEL),
    "model_closures": (model_closures, "closures with a notebook's variables, 4 processes, redefined", MODEL),
    "after_interrupted": (after_interrupted, "a run after an interrupted run", "goes on; " + EQUAL),
}
"""By name: what tries it, what goes wrong, and what is wanted."""
