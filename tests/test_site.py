"""The site: built from what is here, every link leads somewhere, and nothing comes from outside."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("myst_nb", reason="pip install '.[site]'")
pytest.importorskip("furo", reason="pip install '.[site]'")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
ONLY_NAMED = {"canonical", "next", "prev", "search", "index"}  # links that no browser loads


class Page(HTMLParser):
    """What a page loads, where it links to, and the places in it that links may name."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.places = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        address = attributes.get(LOADED.get(tag))
        if address and attributes.get("rel") not in ONLY_NAMED:
            self.loads.append(address)


@pytest.fixture(scope="module")
def site():
    done = subprocess.run(
        [sys.executable, "tools/make_site.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return ROOT / "build" / "site"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def is_outside(address):
    return bool(urlsplit(address).netloc)


def test_every_lesson_and_every_picture_has_a_page(pages, site):
    lessons = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert lessons <= {path.stem for path in pages}
    pictures = {path.stem for path in (ROOT / "docs" / "wall").glob("*.jpg")}
    assert len(pictures) == 8 and pictures <= {path.stem for path in (site / "gallery").iterdir()}


def test_no_page_loads_anything_from_outside(pages):
    loaded = {address for page in pages.values() for address in page.loads}
    assert loaded and not list(filter(is_outside, loaded))


def test_every_link_leads_somewhere(pages, site):
    broken = []
    for path, page in pages.items():
        for address in (*page.links, *page.loads):
            parts = urlsplit(address)
            if parts.scheme or is_outside(address):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.is_file() or (place and place not in pages[target].places):
                broken.append(f"{path.relative_to(site)}: {address}")
    assert not broken
