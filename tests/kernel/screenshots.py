"""Pictures of a notebook that runs in a real JupyterLab, in headless Chromium, light and dark.

    screenshots.py [NOTEBOOK [FOLDER]]

All cells of the notebook, which is the quickstart if none is named, are run. JupyterLab's window is saved in
`docs/`. Where a folder is named, it is saved there, and what every cell shows too.
"""

import contextlib
import json
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from kernel import FIRST_CELL, READY, ROOT, Prepared, cache
from playwright.sync_api import sync_playwright

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
"""By the names that files have."""

NOTEBOOK = ROOT / "notebooks/quickstart.ipynb"
"""What is shown if nothing is named."""

WINDOW = {"width": 1120, "height": 1000}
"""The browser's window, in pixels."""

LARGEST = 250_000
"""Bytes that a picture may have in `docs/`."""

SETTINGS = {
    "apputils-extension/themes": {"theme": THEMES["light"], "adaptive-theme": False},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Cells out of sight are drawn too.
    "notebook-extension/tracker": {"windowingMode": "none"},
    # The notebook is to stay as it is.
    "docmanager-extension/plugin": {"autosave": False},
}
"""Those that a user might have made."""

DONE = """() => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
    const widget = window.jupyterapp.shell.currentWidget;
    const status = widget.sessionContext?.session?.kernel?.status;
    return prompts.length > 0 && status === "idle" && !prompts.some(each => each.innerText.includes("*"));
}"""
"""Whether the kernel has come to its end with the cells that it was given."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(home, notebooks, kernel):
    """A server for a folder of notebooks, with all else in another folder. Gives its address and a token."""
    for name, values in SETTINGS.items():
        path = home / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    port = free_port()
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": notebooks,
        "ServerApp.allow_root": True,
        "FileCheckpoints.checkpoint_dir": home / "checkpoints",
        "LabApp.expose_app_in_browser": True,
        "LabApp.user_settings_dir": home / "settings",
        "LabApp.workspaces_dir": home / "workspaces",
    }
    words = [f"--{key}={value}" for key, value in options.items()]
    command = [cache() / "bin/jupyter-lab", "--no-browser", *words]
    token = secrets.token_hex()
    environment = kernel.environment | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_TOKEN": token,
    }
    server = subprocess.Popen(command, env=environment, stdout=kernel.log, stderr=kernel.log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, server, kernel)
        yield address, token
    finally:
        server.terminate()
        server.wait()


def wait_for(address, server, kernel):
    """Waits until a server answers."""
    until = time.monotonic() + READY
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api"):
            return
        time.sleep(0.2)
    raise kernel.given_up("JupyterLab does not answer")


def chromium():
    """The system's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return found or sys.exit("expected chromium (./task screenshots installs it)")


def command(page, name, **arguments):
    """Does what a menu does."""
    page.evaluate("([name, arguments]) => jupyterapp.commands.execute(name, arguments)", [name, arguments])


def open_and_run(page, address, token, name):
    """Opens a notebook and runs all of its cells, to the last."""
    page.goto(f"{address}/lab/tree/{name}?reset&token={token}")
    page.locator(".jp-CodeCell").first.wait_for()
    page.wait_for_function(DONE, timeout=READY * 1000)
    command(page, "application:toggle-left-area")
    command(page, "notebook:run-all-cells")
    page.wait_for_timeout(1000)
    page.wait_for_function(DONE, timeout=FIRST_CELL * 1000)
    for number, prompt in enumerate(page.locator(".jp-CodeCell .jp-InputPrompt").all()):
        if not re.search(r"\d", prompt.inner_text()):
            words = page.locator(".jp-CodeCell").nth(max(number - 1, 0)).inner_text()
            raise SystemExit(f"{name}: this cell fails:\n{words}")


def take(page, theme, folder, every_cell):
    """Pictures of the window and, if wanted, of what every cell shows."""
    command(page, "apputils:change-theme", theme=THEMES[theme])
    page.locator(f"body[data-jp-theme-name='{THEMES[theme]}']").wait_for(state="attached")
    # Until the old theme has gone, and the marks of the cell that is in use.
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(1000)
    areas = page.locator(".jp-CodeCell .jp-Cell-outputArea").all()
    pictured = [area for area in areas if area.locator(".jp-OutputArea-output :is(svg, img)").count()]
    first = pictured[0] if pictured else areas[0]
    unfold(page, False)
    first.evaluate("area => area.closest('.jp-Cell').scrollIntoView({block: 'start'})")
    page.wait_for_timeout(200)
    save(page, folder / f"jupyterlab_{theme}.png")
    unfold(page, every_cell)
    for number, area in enumerate(areas if every_cell else []):
        if height := int(area.bounding_box()["height"]):
            # What does not fit into the window is cut.
            page.set_viewport_size(WINDOW | {"height": max(WINDOW["height"], height + 200)})
            save(area, folder / f"cell_{number:02}_{theme}.png")
    page.set_viewport_size(WINDOW)


def unfold(page, is_open):
    """Shows or hides what is folded."""
    page.evaluate("open => document.querySelectorAll('details').forEach(each => { each.open = open; })", is_open)


def save(shown, path):
    """A picture of what is shown, not larger than a repository can bear."""
    size = len(shown.screenshot(path=path))
    print(f"{path}: {size // 1000} kB", flush=True)
    if size > LARGEST:
        sys.exit(f"expected at most {LARGEST // 1000} kB")


@contextlib.contextmanager
def window():
    """A page of a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser.new_page(viewport=WINDOW)
        browser.close()


def main(words):
    path = pathlib.Path(words[0] if words else NOTEBOOK).resolve()
    folder = pathlib.Path(words[1]).resolve() if len(words) > 1 else ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        home = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fascicle-jupyterlab-")))
        kernel = stack.enter_context(Prepared(notebooks=path.parent))
        address, token = stack.enter_context(jupyterlab(home, path.parent, kernel))
        page = stack.enter_context(window())
        open_and_run(page, address, token, path.name)
        for theme in THEMES:
            take(page, theme, folder, every_cell=len(words) > 1)


if __name__ == "__main__":
    main(sys.argv[1:])
