"""How many learners a machine holds at once, and a place for each.

A server makes a folder with one file a place; each kernel locks one of them and keeps it for as
long as it lives, so a place is free again however its kernel ended.
"""

import os
from contextlib import suppress
from pathlib import Path

from nst_helpers.config import TransferConfig
from nst_helpers.machine.memory import MODEST, memory_needed, memory_there

SPARE = 1e9  # bytes for the server itself and the system
A_LEARNER = memory_needed((256, 384), TransferConfig.fast())
FOLDER = "NST_PLACES"  # environment variable with the folder; without it there is no limit
_taken = []  # open files, whose locks end with the process


def count_places(memory=None):
    """How many kernels that paint fit into the memory: at least one.

    Args:
        memory: Bytes; None means what is free now.
    """
    memory = memory_there() if memory is None else memory
    return max(1, int((memory - SPARE) // A_LEARNER))


def make_places(folder, count):
    """Makes the files, and names the folder to the kernels that this process will start."""
    for number in range(count):
        Path(folder, str(number)).touch()
    os.environ.update(MODEST, **{FOLDER: str(folder)})


def take_place():
    """Takes a place for this process; returns whether there was one."""
    if _taken or FOLDER not in os.environ:
        return True
    try:
        import fcntl
    except ImportError:  # Windows has no such locks: no limit
        return True
    for path in sorted(Path(os.environ[FOLDER]).iterdir()):
        file = path.open("rb")
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _taken.append(file)
            return True
        file.close()
    return False
