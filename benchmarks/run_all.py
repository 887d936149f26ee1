"""Runs every benchmark and keeps what it prints in RESULTS.md: `make bench`. About an hour."""

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLAIMS = ("one_iteration", "time_to_loss", "evaluation_cost", "growth", "document_losses")


def section(name):
    """A claim's question, from the first line of its script, and the table that it prints."""
    script = HERE / f"{name}.py"
    question = script.read_text(encoding="utf-8").splitlines()[0].strip('"')
    print(f"{name} …", flush=True)
    done = subprocess.run(
        [sys.executable, script], cwd=HERE, check=True, stdout=subprocess.PIPE, text=True
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("VGG19 weights")]
    body = "\n".join(lines).strip()
    return f"## {question}\n\n`{name}.py`\n\n{body}\n"


def main():
    names = sys.argv[1:] or CLAIMS
    title = f"# Benchmarks\n\nMeasured on {os.cpu_count()} cores, {platform.system()}.\n"
    sections = [section(name) for name in names]
    (HERE / "RESULTS.md").write_text("\n".join([title, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main()
