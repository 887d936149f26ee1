"""Runs every benchmark, keeps what it prints in RESULTS.md, and refreshes README's table.

`make bench`, about two and a half hours; with names of claims, those alone. Let nothing else run
beside it.
"""

import datetime
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from nst_helpers.machine.convolution import faster_precision

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
README = HERE.parent / "README.md"
CLAIMS = (
    "one_iteration",
    "time_to_loss",
    "evaluation_cost",
    "growth",
    "budget",
    "playground",
    "upload",
    "cluster",
    "recipes",
    "document_losses",
)


def refresh_readme(table):
    """Puts a table between README's two marks."""
    marks = r"(<!-- recipes -->\n).*(<!-- end of recipes -->)"
    text = README.read_text(encoding="utf-8")
    text = re.sub(marks, lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL)
    README.write_text(text, encoding="utf-8")


def printed(name):
    """What a claim's script prints."""
    print(f"{name} …", flush=True)
    done = subprocess.run(
        [sys.executable, HERE / f"{name}.py"],
        cwd=HERE,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("VGG19 weights")]
    return "\n".join(lines).strip()


def section(name, body):
    """A claim's question, which is the first line of its script, and what it prints."""
    source = (HERE / f"{name}.py").read_text(encoding="utf-8")
    question = source.splitlines()[0].strip('"')
    machine = f"a machine that is fastest in {faster_precision()}"
    return f"## {question}\n\n`{name}.py`, {datetime.date.today()}, {machine}\n\n{body}\n"


def kept_sections():
    """The sections of RESULTS.md by the names of their scripts."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = re.findall(r"^## .*?\n(?=## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
    return {re.search(r"^`(\w+)\.py`", section, re.MULTILINE)[1]: section for section in sections}


def write_results(sections):
    title = f"# Benchmarks\n\nMeasured on {os.cpu_count()} cores, {platform.system()}.\n"
    ordered = [sections[name].strip() + "\n" for name in CLAIMS if name in sections]
    RESULTS.write_text("\n".join([title, *ordered]), encoding="utf-8")


def main():
    sections = kept_sections()
    for name in sys.argv[1:] or CLAIMS:
        answer = printed(name)
        sections[name] = section(name, answer)
        write_results(sections)  # after each, so that a later one's failure costs no figures
        if name == "recipes":
            refresh_readme(answer)


if __name__ == "__main__":
    main()
