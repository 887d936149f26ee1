"""Points every badge and install line at your fork: python tools/stamp_links.py OWNER/NAME"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    *(ROOT / name for name in ("README.md", "pyproject.toml", "CITATION.cff")),
    ROOT / "app" / "playground.ipynb",
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
]


def current_repository():
    """OWNER/NAME as pyproject.toml has it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'Repository = "https://github\.com/([^"]+)"', text)[1]


def main():
    if len(sys.argv) != 2 or not re.fullmatch(r"[\w.-]+/[\w.-]+", sys.argv[1]):
        sys.exit("usage: python tools/stamp_links.py OWNER/NAME")
    old, new = current_repository(), sys.argv[1]
    for path in FILES:
        text = path.read_bytes()
        path.write_bytes(text.replace(old.encode(), new.encode()))
        print(f"{path.relative_to(ROOT)}: {text.count(old.encode())} links")


if __name__ == "__main__":
    main()
