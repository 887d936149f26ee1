"""Photographs the panel and the ballot, for pages where no widget can run: docs/*.jpg.

python tools/take_screenshots.py    needs Chromium, and `pip install playwright voila`
"""

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 600_000  # milliseconds
PANEL = """\
import nst_helpers as nst

nst.Playground("harbour_town", "swirling_strokes")
"""
BALLOT = """\
import nst_helpers as nst


def recoloured(style):
    images = (nst.preprocess_image(nst.picture(name), 256, 384) for name in ("harbour_town", style))
    return nst.deprocess_image(nst.match_colours(*images))


pictures = {style: recoloured(style) for style in ("swirling_strokes", "mosaic")}
nst.Ballot(pictures, "Which one would you hang on a wall?", seed=0)
"""


def photograph(page, address, code, folder, before):
    """The widgets that some code ends in, as a picture."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(notebook, folder / "page.ipynb")
    page.goto(f"{address}/voila/render/page.ipynb")
    widgets = page.locator(".nst-playground")
    widgets.wait_for()
    before(page)
    return Image.open(io.BytesIO(widgets.screenshot())).convert("RGB")


def paint(page):
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".nst-status", has_text="finished").wait_for()


def wait_for_server(port):
    end = time.monotonic() + PATIENCE / 1000
    while socket.socket().connect_ex(("127.0.0.1", port)):
        assert time.monotonic() < end, "Voilà never started"
        time.sleep(0.2)


def main():
    folder = Path(tempfile.mkdtemp())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--no-browser", "--Voila.ip=127.0.0.1"]
    server = subprocess.Popen([sys.executable, "-m", "voila", *options], cwd=folder)
    try:
        wait_for_server(port)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1180, "height": 1000})
            page.set_default_timeout(PATIENCE)
            address = f"http://127.0.0.1:{port}"
            for name, code, before in (
                ("panel", PANEL, paint),
                ("ballot", BALLOT, lambda page: None),
            ):
                picture = photograph(page, address, code, folder, before)
                picture.save(ROOT / "docs" / f"{name}.jpg", quality=80, optimize=True)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
