"""The panel in a real browser: in JupyterLab, in Notebook 7, and as a page by Voilà."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.machine.language import translated
from nst_helpers.playground.sketches import jpeg

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium"),
    pytest.mark.skipif(sys.platform == "win32", reason="a server's children are ended by group"),
]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
PATIENCE = 120_000  # milliseconds
AXE = "axe-core@4.14.1"  # checks a page for what people with disabilities need
LAB = (
    *("jupyterlab", "--allow-root", "--IdentityProvider.token=", "--LabApp.news_url=None"),
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
NOTEBOOK = "notebook", "--allow-root", "--IdentityProvider.token="


def wait_until(condition, what, seconds=PATIENCE / 1000):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} never came"
        time.sleep(0.1)


@contextlib.contextmanager
def server(folder, command):
    """A Jupyter program at a port of its own, with nobody's settings; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "settings"
    # Cells far from the screen stay in the page.
    tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"windowingMode": "none"}')
    places = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
    }
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, f"--port={port}", "--no-browser"],
            env={**os.environ, **{name: str(path) for name, path in places.items()}},
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until(lambda: not socket.socket().connect_ex(("127.0.0.1", port)), "the server")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # kernels too
            process.wait(30)


@pytest.fixture
def serve(tmp_path):
    """Starts a Jupyter program in the test's own folder, until after the page has closed."""
    with contextlib.ExitStack() as stack:
        yield lambda *command: stack.enter_context(server(tmp_path, command))


@pytest.fixture
def page(serve):
    """A page; at the end it must have asked for nothing from outside, and logged no error."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        outside, errors = [], []
        page.on("request", lambda request: outside.append(request.url))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    # Voilà's icons come from elsewhere where there is a network.
    known = ("http://127.0.0.1:", "data:", "blob:")
    foreign = [url for url in outside if not url.startswith(known)]
    assert not [url for url in foreign if "fontawesome" not in url]
    # Notebook 7 fails to read a schema of its own, with any notebook.
    assert not [text for text in errors if not re.search("net::ERR_|reading 'schema'", text)]


@pytest.fixture(scope="session")
def axe(pytestconfig):
    """Where the checker's script is, from the npm registry, kept in pytest's cache."""
    folder = pytestconfig.cache.mkdir("axe")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists() and shutil.which("npm"):
        command = ["npm", "install", "--silent", "--prefix", str(folder), AXE]
        subprocess.run(command, check=False)
    return script


def barriers(page, axe):
    """What axe finds in the panel that is serious or critical, in words."""
    if not axe.exists():
        pytest.skip("all else has passed, but axe-core needs npm and its registry")
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('.nst-playground')")["violations"]
    return [
        (problem["id"], node["html"][:200])
        for problem in found
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


def shown_pixels(page):
    """The picture on the screen, as the browser has decoded it."""
    picture = "document.querySelector('img.nst-picture')"
    data = page.evaluate(f"fetch({picture}.src).then(r => r.bytes()).then(b => [...b])")
    return nst.load_image(bytes(data))


def download(page, action):
    """The file that comes to the browser: the picture on the screen, which is there as a JPEG."""
    with page.expect_download() as coming:
        action()
    arrived = jpeg(nst.load_image(coming.value.path()))
    np.testing.assert_array_equal(nst.load_image(arrived), shown_pixels(page))
    return coming.value


def focus_by_tab(page, name, role="button"):
    """Goes on with the Tab key until that control has the focus, and its ring can be seen."""
    control = page.locator(".nst-playground").get_by_role(role, name=name, exact=True)
    for _ in range(60):
        if control.evaluate("element => element === document.activeElement"):
            ring = control.evaluate("element => getComputedStyle(element).outlineStyle")
            assert ring != "none", f"{name} shows no focus"
            return control
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {name}")


def by_keyboard_alone(page):
    """Runs, stops, moves two sliders and downloads; returns the download."""
    page.locator(".nst-playground .nst-title").first.click()  # into the panel, at nothing
    first = picture_source(page)
    focus_by_tab(page, "Run")
    page.keyboard.press("Enter")
    status_says(page, "running")
    picture_changes(page, first)
    focus_by_tab(page, "Stop")
    page.keyboard.press("Space")
    status_says(page, "stopped")
    focus_by_tab(page, "size", "slider")
    page.keyboard.press("Home")  # the smallest, so that it is done on any machine
    slider = focus_by_tab(page, "style", "slider")
    before = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    status_says(page, "running")
    assert slider.get_attribute("aria-valuetext") != before
    status_says(page, "finished")
    focus_by_tab(page, "Download", "link")
    return download(page, lambda: page.keyboard.press("Enter"))


def run_all_cells(page, address):
    page.wait_for_selector(".jp-Notebook .jp-Cell")

    def ready():  # the page's own sign of it comes too early
        try:
            with urllib.request.urlopen(f"{address}/api/kernels") as answer:
                kernels = json.load(answer)
        except urllib.error.HTTPError:  # 500 while a kernel starts
            return False
        return (
            bool(kernels) and kernels[0]["execution_state"] == "idle" and kernels[0]["connections"]
        )

    wait_until(ready, "the kernel")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def status_says(page, words):
    page.locator(".nst-status", has_text=words).first.wait_for()


def press(page, name):
    page.locator(".nst-playground").get_by_role("button", name=name, exact=True).click()


def picture_source(page):
    return page.locator("img.nst-picture").get_attribute("src")


def picture_changes(page, before):
    wait_until(lambda: picture_source(page) != before, "another picture")


def drag(page, label, part):
    """Drags a slider's handle to that part of its length."""
    slider = page.locator(".widget-inline-hbox", has=page.get_by_text(label, exact=True))
    handle = slider.locator(".noUi-handle")
    handle.scroll_into_view_if_needed()
    start, track = handle.bounding_box(), slider.locator(".noUi-base").bounding_box()
    y = start["y"] + start["height"] / 2
    page.mouse.move(start["x"] + start["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * part, y, steps=8)
    page.mouse.up()


def picture_choice(page, number):
    """The list of the content, the style or the second style."""
    return page.locator(".nst-chosen select").nth(number)


def choose(page, number, name):
    picture_choice(page, number).select_option(name)


def upload(page, number, path):
    with page.expect_file_chooser() as chooser:
        page.locator(".nst-playground .jupyter-widget-upload, .widget-upload").nth(number).click()
    chooser.value.set_files(path)


def upload_a_style(page, folder):
    upload(page, 1, folder / "broken.png")
    page.locator(".nst-error", has_text="not a picture").wait_for()
    upload(page, 1, folder / "photo.png")
    status_says(page, "running")
    status_says(page, "finished")
    assert page.locator(".nst-error").count() == 0
    choose(page, 1, "mosaic")
    status_says(page, "running")
    upload(page, 1, folder / "photo.png")  # the same file again
    wait_until(lambda: picture_choice(page, 1).input_value() == "photo.png", "the photograph")
    status_says(page, "finished")


def mix_two_styles(page):
    painted = picture_source(page)
    choose(page, 2, "woodcut")
    status_says(page, "running")
    picture_changes(page, painted)
    drag(page, "mix", 0.3)
    pairs = '[(playground.shown.style.array, 0.7), (nst.picture("woodcut"), 0.3)]'

    def the_call_has_both():
        press(page, "Show the Python call")
        return page.locator("pre", has_text=pairs).count()

    wait_until(the_call_has_both, "the call with two styles")


def open_notebook(serve, page, notebook, program, path):
    """Opens a notebook in a Jupyter program, and runs its cells."""
    address = serve(*program, f"--ServerApp.root_dir={notebook.parent}")
    page.goto(f"{address}/{path}/{notebook.name}?reset", wait_until="domcontentloaded")
    run_all_cells(page, address)
    page.locator(".nst-playground select").last.wait_for()


def panel_of_the_lesson(folder):
    """A notebook of the lesson's code up to the panel and its first run; other tests run it all."""
    (lesson,) = ROOT.glob("notebooks/*_play_with_the_sliders.ipynb")
    notebook = nbformat.read(lesson, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = next(number for number, cell in enumerate(code) if "playground.wait()" in cell.source)
    notebook.cells = code[: last + 1]
    nbformat.write(notebook, folder / lesson.name)
    return folder / lesson.name


def test_the_panel_in_jupyterlab(serve, page, axe, photo, tmp_path):
    photo.save(tmp_path / "photo.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    open_notebook(serve, page, panel_of_the_lesson(tmp_path), LAB, "lab/tree")
    status_says(page, "finished: iteration 20 of 20")

    by_keyboard_alone(page)
    upload_a_style(page, tmp_path)
    mix_two_styles(page)
    press(page, "Save")
    page.locator("pre", has_text="Saved as painted.png").wait_for()
    assert np.asarray(Image.open(tmp_path / "painted.png")).shape[0] == 128
    status_says(page, "finished")
    link = page.locator(".nst-playground").get_by_role("link", name="Download", exact=True)
    assert download(page, link.click).suggested_filename == "harbour_town-photo-woodcut.png"
    assert not barriers(page, axe)


def test_the_panel_in_notebook_7(serve, page, axe, tmp_path):
    pytest.importorskip("notebook", minversion="7")
    notebook = Path(shutil.copy(ROOT / "app" / "playground.ipynb", tmp_path))
    open_notebook(serve, page, notebook, NOTEBOOK, "notebooks")
    arrived = by_keyboard_alone(page)
    assert arrived.suggested_filename == "harbour_town-swirling_strokes.png"
    assert nst.load_run(arrived.path()).config.style_weight > 1e-6
    assert not barriers(page, axe)


def test_the_page_for_the_classroom(serve, page, axe, tmp_path):
    for name in ("playground.ipynb", "voila.json"):
        shutil.copy(ROOT / "app" / name, tmp_path)
    page.goto(serve("voila", "playground.ipynb", "--Voila.ip=127.0.0.1"))
    assert page.locator("h1").inner_text().startswith("Neural style transfer")
    frame = page.locator(".nst-stage").bounding_box()
    content = picture_source(page)
    press(page, "Run")
    status_says(page, "running")
    picture_changes(page, content)
    choose(page, 2, "woodcut")
    page.locator(".nst-note", has_text="Share of the second style").wait_for()
    press(page, "Stop")
    status_says(page, "stopped")
    by_keyboard_alone(page)
    assert page.locator(".nst-stage").bounding_box() == frame, "it jumped"
    assert page.get_by_role("button", name="Save", exact=True).count() == 0
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert not barriers(page, axe)


def test_the_page_in_korean(serve, page, axe, tmp_path, monkeypatch):
    fonts = subprocess.run(["fc-list", ":lang=ko"], capture_output=True, text=True, check=False)
    if not fonts.stdout:
        pytest.skip("no Korean font: apt-get install fonts-nanum")
    for name in ("playground.ko.ipynb", "voila.json"):
        shutil.copy(ROOT / "app" / name, tmp_path)
    monkeypatch.setenv("NST_LANGUAGE", "ko")
    page.goto(serve("voila", "playground.ko.ipynb", "--Voila.ip=127.0.0.1"))
    panel = page.locator(".nst-playground").first
    press(page, translated("Run"))
    status_says(page, translated("running"))
    press(page, translated("Stop"))
    status_says(page, translated("stopped"))
    assert panel.get_attribute("lang") == "ko"
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 1900})
        panel.screenshot(path=tmp_path / f"panel_{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_alt_text(translated("the painted picture")).count()
    english = re.findall(r"[A-Za-z]{2,}(?: [a-z]{2,})+", panel.inner_text())
    assert set(english) <= {"harbour town", "swirling strokes"}, english
    assert not barriers(page, axe)
