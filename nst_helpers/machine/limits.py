"""What a container lets this process have: memory and processor time, by Linux's control groups.

A process is in a group of each hierarchy, and each group lies in others, as in Slurm, systemd or a
container in a container; the tightest limit counts. In version 2 there is one hierarchy,
in version 1 one for each kind of resource.
"""

import math
from contextlib import suppress
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def memory_room(container=CONTAINER):
    """Bytes that the process's groups leave free, files that were read not counted; or infinity.

    Args:
        container: Folder where Linux keeps the groups.
    """
    room = math.inf
    for group in _groups("memory", container):
        for limit, used, files in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            with suppress(OSError, ValueError, KeyError):  # no such file, or no limit: "max"
                stat = dict(map(str.split, (group / "memory.stat").read_text().splitlines()))
                free = int((group / limit).read_text()) - int((group / used).read_text())
                room = min(room, free + int(stat[files]))
    return room


def cores(container=CONTAINER):
    """Cores' worth of processor time that the process's groups allow, or infinity."""
    allowed = math.inf
    for group in _groups("cpu", container):
        with suppress(OSError, ValueError):
            quota, period = map(int, (group / "cpu.max").read_text().split())
            allowed = min(allowed, quota / period)
        with suppress(OSError, ValueError):
            quota = int((group / "cpu.cfs_quota_us").read_text())  # -1 is no limit
            if quota > 0:
                allowed = min(allowed, quota / int((group / "cpu.cfs_period_us").read_text()))
    return allowed


def _groups(kind, container):
    """Folders of the process's groups of that kind, from its own to the outermost."""
    paths = {"": "/", kind: "/"}  # in a container's own namespace the outermost is all there is
    with suppress(OSError, ValueError):
        for line in MEMBERSHIP.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            paths.update({name: path for name in kinds.split(",") if name in paths})
    for name, path in paths.items():
        for root in [container / name] if name else [container, container / "unified"]:
            own = root / path.lstrip("/")
            yield from (group for group in (own, *own.parents) if group.is_relative_to(root))
