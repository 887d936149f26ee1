"""A run's checkpoint: all in one file that it takes to go on after whatever ended the process."""

import dataclasses
import hashlib
import json
import time
import warnings

import numpy as np

from nst_helpers import __version__
from nst_helpers.files import check_writable, open_atomically
from nst_helpers.sources import ImageError, one_line
from nst_helpers.state import LossRow, State

INTERVAL = 30  # seconds; it is saved at the first report after them


class CheckpointError(ValueError):
    """A checkpoint that this run can't go on from; the message says why and what to do."""


class Checkpoint:
    """The file that a run is saved to, as long as it is this run's.

    Args:
        path: File, such as "run.npz"; None saves nothing.
        config: `TransferConfig` of the run.
        **images: The arrays that the run starts from, by name; None where there is none.

    Raises:
        ImageError: If the file can't be written.
    """

    def __init__(self, path, config, **images):
        self._path = None if path is None else check_writable(path)
        self._run = {
            "version of nst_helpers": __version__,
            **json.loads(json.dumps(dataclasses.asdict(config))),  # tuples become lists
            **{f"{name} image": _digest(image) for name, image in images.items()},
        }
        self._next = time.monotonic() + INTERVAL
        self._saved = 0  # the iteration that the file holds

    def load(self):
        """The `State` to go on from, or None where there is no file yet.

        Raises:
            CheckpointError: If the file is no checkpoint, is damaged, or belongs to another run.
        """
        if self._path is None or not self._path.exists():
            return None
        run, state = self._read()
        for name, here in self._run.items():
            if (there := run.get(name)) != here:
                different = f"{name} is {there} there and {here} here"
                if name.endswith(" image"):
                    different = f"it has another {name}"
                raise CheckpointError(
                    f"{self._path} is the checkpoint of another run: {different}. "
                    "Give another name, or remove it to begin anew."
                )
        iterations = self._run["iterations"]
        print(f"{self._path}: going on after {state.iteration:,} of {iterations:,} iterations.")
        self._saved = state.iteration
        return state

    def _read(self):
        try:
            with np.load(self._path, allow_pickle=False) as file:
                arrays = dict(file)
            run = json.loads(str(arrays.pop("run")))
            losses = [LossRow(int(row[0]), *map(float, row[1:])) for row in arrays.pop("losses")]
            picture, best = arrays.pop("picture"), arrays.pop("best")
            return run, State(losses[-1].iteration, tuple(losses), picture, best, arrays)
        except Exception as error:  # damaged bytes make NumPy and zipfile raise nearly anything
            raise CheckpointError(
                f"{self._path} is no checkpoint, or a damaged one ({one_line(error)}): "
                "give another name, or remove it to begin anew."
            ) from error

    @property
    def due(self):
        """Whether it is time to save again."""
        return time.monotonic() >= self._next

    def save(self, state):
        """Writes the file, unless it holds that iteration already.

        Where it can't, on a full disk say, it warns, and the run goes on.
        """
        if self._path is None or state.iteration == self._saved:
            return
        arrays = {"losses": state.losses, "picture": state.picture, "best": state.best}
        try:
            with open_atomically(self._path) as file:
                np.savez(file, run=json.dumps(self._run), **arrays, **state.optimizer)
            self._saved = state.iteration
        except (ImageError, MemoryError) as error:
            warnings.warn(f"{one_line(error)} The run goes on without saving.", stacklevel=2)
        self._next = time.monotonic() + INTERVAL


def _digest(image):
    if image is None:
        return None
    return f"{image.shape} {hashlib.sha256(np.ascontiguousarray(image)).hexdigest()}"
