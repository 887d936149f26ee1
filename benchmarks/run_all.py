"""Runs every benchmark, keeps what it prints in RESULTS.md, and refreshes README's table.

`make bench`, about an hour; with names of claims, those alone. Let nothing else run beside it.
"""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
CLAIMS = (
    "one_iteration",
    "time_to_loss",
    "evaluation_cost",
    "growth",
    "budget",
    "playground",
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
    return f"## {question}\n\n`{name}.py`\n\n{body}\n"


def main():
    names = sys.argv[1:] or CLAIMS
    title = f"# Benchmarks\n\nMeasured on {os.cpu_count()} cores, {platform.system()}.\n"
    answers = {name: printed(name) for name in names}
    sections = [section(name, body) for name, body in answers.items()]
    (HERE / "RESULTS.md").write_text("\n".join([title, *sections]), encoding="utf-8")
    if "recipes" in answers:
        refresh_readme(answers["recipes"])


if __name__ == "__main__":
    main()
