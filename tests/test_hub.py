"""The hub's limit of memory: the kernel that takes too much ends, and no other."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub needs a Unix")

LIMIT_MEMORY = Path(__file__).resolve().parents[1] / "hub" / "limit_memory.py"
HUB = """
import subprocess, sys
kernel = "import sys, time; data = bytearray(b'x' * int(float(sys.argv[2]))); time.sleep(60)"
modest, greedy, other = (
    subprocess.Popen([sys.executable, "-c", kernel, name, str(size)])
    for name, size in (("ipykernel_launcher", 1), ("ipykernel_launcher", 2e8), ("x", 2e8))
)
limiter = subprocess.Popen([sys.executable, sys.argv[1], str(10**8)])
print(greedy.wait(50), modest.poll(), other.poll(), flush=True)
for process in (limiter, modest, other):
    process.kill()
"""


def test_the_kernel_that_takes_too_much_is_ended_alone():
    command = [sys.executable, "-c", HUB, str(LIMIT_MEMORY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    *said, ended = done.stdout.splitlines()
    assert ended == "-9 None None", done.stderr
    assert len(said) == 1 and "ended" in said[0]
