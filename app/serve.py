"""Serves the playground as a page: python app/serve.py [options of Voilà]"""

import subprocess
import sys
import tempfile
from pathlib import Path

from nst_helpers.machine.language import language
from nst_helpers.machine.places import count_places, make_places

APP = Path(__file__).resolve().parent


def main():
    count = count_places()
    print(f"This machine's memory has room for {count} visitors at a time.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        make_places(folder, count)
        translation = APP / f"playground.{language()}.ipynb"
        page = translation if translation.exists() else APP / "playground.ipynb"
        # From this folder, so that Voilà reads voila.json.
        command = [sys.executable, "-m", "voila", page.name, *sys.argv[1:]]
        try:
            return subprocess.run(command, cwd=APP, check=False).returncode
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
