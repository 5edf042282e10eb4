"""Runs notebooks in a stock evcxr_jupyter by nbclient, as a user's JupyterLab does.

    notebooks.py check NOTEBOOK …   compares what the cells show with what is saved in the notebook
    notebooks.py write NOTEBOOK …   saves what the cells show in the notebook

A cell that panics or fails by `?` is an error, though the kernel says that all is well.
"""

import pathlib
import re
import sys

import nbformat
from kernel import FIRST_CELL, Prepared
from nbclient import NotebookClient

TIMES = re.compile(r"[\d.]+ s, [\d,]+ a second")
"""What a run took, which is another time each time."""

SPEEDS = re.compile(r"^ *\d+ trajectories a second$", re.MULTILINE)

KINDS = ["text/plain", "text/html", "image/svg+xml"]
"""What is compared of what a cell shows."""


class Failed(Exception):
    """A notebook is not as it is to be; the message says where."""


def mark(number):
    """A variable that is there when a cell has come to its end: panics and `?` take new ones away."""
    return f"cell_{number}_has_ended"


def marked(source, number):
    """A cell that leaves its mark."""
    lines = source.split("\n")
    commands = next((at for at, line in enumerate(lines) if not line.startswith(":")), len(lines))
    return "\n".join([*lines[:commands], f"let {mark(number)} = {number};", *lines[commands:]])


def executed(path):
    """The notebook with what its cells show now."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    sources = [cell.source for cell in cells]
    for number, cell in enumerate(cells):
        cell.source = marked(cell.source, number)
    check = nbformat.v4.new_code_cell(" + ".join(mark(number) for number in range(len(cells))))
    notebook.cells.append(check)
    with Prepared(notebooks=path.parent) as kernel:
        client = NotebookClient(notebook, timeout=FIRST_CELL, kernel_name="rust", allow_errors=True)
        client.execute(env=kernel.environment, cwd=str(path.parent))
    notebook.cells.pop()
    for cell, source in zip(cells, sources, strict=True):
        cell.source = source
    complain(path, cells, check)
    return notebook


def complain(path, cells, check):
    """Finds the first cell that did not come to its end."""
    said = str(check.outputs)
    if f"'{sum(range(len(cells)))}'" in said:
        return
    for number, cell in enumerate(cells):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors or mark(number) in said:
            words = text(cell, "stderr") or "\n".join(error.evalue for error in errors)
            raise Failed(f"{path.name}: this cell fails:\n{cell.source}\n\nand says:\n{words}")
    raise Failed(f"{path.name}: the check of its cells fails: {said}")


def text(cell, name):
    """What a cell writes to a stream."""
    streams = [output for output in cell.outputs if output.output_type == "stream"]
    return "".join(output.text for output in streams if output.name == name)


def shown(cell):
    """What a cell shows, without what is different each time."""
    results = [output.data for output in cell.outputs if "data" in output]
    forms = [(kind, data[kind]) for data in results for kind in KINDS if kind in data]
    forms.append(("stdout", text(cell, "stdout")))
    return [(kind, SPEEDS.sub("…", TIMES.sub("…", form))) for kind, form in forms if form]


def compare(path, saved, now):
    """Finds the first cell that shows something else than what is saved."""
    for was, cell in zip(saved.cells, now.cells, strict=True):
        if cell.cell_type == "code" and shown(was) != shown(cell):
            raise Failed(
                f"{path.name}: this cell shows other things than are saved "
                f"(to save them: ./task notebooks write):\n{cell.source}\n\n"
                f"saved:\n{shown(was)}\n\nnow:\n{shown(cell)}"
            )


def tidy(notebook):
    """What is saved: no progress, which is of the moment, and no numbers that only grow."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            is_of_stderr = lambda output: output.get("name") == "stderr"  # noqa: E731
            cell.outputs = [output for output in cell.outputs if not is_of_stderr(output)]


def main():
    action, *names = sys.argv[1:]
    for name in names:
        path = pathlib.Path(name).resolve()
        try:
            now = executed(path)
            if action == "check":
                compare(path, nbformat.read(path, as_version=4), now)
            else:
                tidy(now)
                nbformat.write(now, path)
        except Failed as failed:
            sys.exit(str(failed))
        print(f"{path.name}: {len(now.cells)} cells", flush=True)


if __name__ == "__main__":
    main()
