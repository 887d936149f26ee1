"""What is kept from run to run: networks, compiled functions and measured targets, in one place.

Transfers, the playground, budgets and grids share `CACHE`. It keeps what was used last, and lets go
of the rest; `CACHE.clear()` lets go of everything.
"""

import threading
from collections import OrderedDict

# As many of each kind as a person comes back to, and few enough that an afternoon of sliders does
# not fill the memory.
MOST = {"network": 8, "function": 24, "target": 24}


class Cache:
    """Values by kind and key, the least recently used ones dropped first."""

    def __init__(self):
        self._lock = threading.RLock()  # a playground paints in a thread of its own
        self._kept = {kind: OrderedDict() for kind in MOST}

    def get(self, kind, key, make, nbytes=lambda value: 0):
        """Returns the value of that key; makes it first if it is not there.

        Args:
            kind: One of `MOST`.
            key: Hashable; the same key always stands for the same value.
            make: Function without arguments that makes the value.
            nbytes: Function from the value to the bytes that it holds.
        """
        with self._lock:
            kept = self._kept[kind]
            if key not in kept:
                value = make()
                kept[key] = value, nbytes(value)
                while len(kept) > MOST[kind]:
                    kept.popitem(last=False)
            kept.move_to_end(key)
            return kept[key][0]

    @property
    def nbytes(self):
        """Bytes of the measured targets; networks count as part of the process."""
        with self._lock:
            return sum(size for kept in self._kept.values() for _, size in kept.values())

    def clear(self, *kinds):
        """Lets go of what is of those kinds, or of everything; the next run makes it again."""
        with self._lock:
            for kind in kinds or MOST:
                self._kept[kind].clear()


CACHE = Cache()
