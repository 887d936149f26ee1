"""What a release holds, and that it paints where the repository is not."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import nst_helpers as nst

pytest.importorskip("build", reason="pip install build")

ROOT = Path(__file__).resolve().parents[1]


def run(*words, **options):
    done = subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The folder of a wheel that was built from the sdist, and of that sdist."""
    folder = tmp_path_factory.mktemp("release")
    run("build", "--no-isolation", "--outdir", folder, cwd=ROOT)
    return folder


def package_files():
    files = (path for path in (ROOT / "nst_helpers").rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}


def test_the_wheel_is_the_package_and_nothing_else(release):
    (wheel,) = release.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if ".dist-info/" not in name} == package_files()
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_the_sdist_has_what_the_wheel_is_built_from(release):
    (sdist,) = release.glob("*.tar.gz")
    with tarfile.open(sdist) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert package_files() <= names
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names
    assert not [name for name in names if name.startswith(("tests/", "notebooks/"))]


def test_it_paints_without_the_repository(release, tmp_path):
    (wheel,) = release.glob("*.whl")
    installed, home = tmp_path / "installed", tmp_path / "home"
    home.mkdir()
    run("pip", "install", "--quiet", "--no-deps", "--no-index", "--target", installed, wheel)
    environment = {**os.environ, "PYTHONPATH": str(installed), "HOME": str(home)}
    where = "import nst_helpers, sys; sys.exit(not nst_helpers.__file__.startswith(sys.argv[1]))"
    command = [sys.executable, "-c", where, str(installed)]
    assert subprocess.run(command, cwd=home, env=environment).returncode == 0, "the wrong package"
    paint = "nst_helpers", "harbour_town", "mosaic", "-o", "out.png", "--rows", 48
    run(*paint, cwd=home, env=environment)
    assert nst.load_image(home / "out.png").shape[0] == 48


def test_its_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    (cited,) = re.findall(r"(?m)^version: (.+)$", citation)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"(?m)^## (\d\S*) · \d{4}-\d\d-\d\d$", changes)[0]
    assert cited == newest == nst.__version__
