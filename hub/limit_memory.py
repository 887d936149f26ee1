"""Ends kernels that hold more memory than they may: python limit_memory.py BYTES"""

import contextlib
import os
import sys
import time

import psutil

SECONDS = 1  # between two looks


def kernels(hub):
    """The kernels of a hub's learners."""
    for process in hub.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "ipykernel_launcher" in process.cmdline():
                yield process


def held(process):
    """Bytes that are the process's own, not files that it shares with others."""
    memory = process.memory_info()
    return memory.rss - getattr(memory, "shared", 0)


def main():
    limit, hub = int(sys.argv[1]), psutil.Process(os.getppid())
    while hub.is_running():
        for process in kernels(hub):
            with contextlib.suppress(psutil.Error):
                if held(process) > limit:
                    print(
                        f"kernel {process.pid} held {held(process) / 1e9:.2f} GB: ended", flush=True
                    )
                    process.kill()
        time.sleep(SECONDS)


if __name__ == "__main__":
    main()
