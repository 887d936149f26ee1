"""A run's checkpoint: all in one file that it takes to go on after whatever ended the process."""

import dataclasses
import hashlib
import json
import time
import warnings
from dataclasses import dataclass, field

import numpy as np

from nst_helpers import __version__
from nst_helpers.files import check_writable, open_atomically
from nst_helpers.sources import ImageError, one_line

INTERVAL = 30  # seconds between two savings: the most that a kill can cost


class CheckpointError(ValueError):
    """A checkpoint that this run can't go on from; the message says why and what to do."""


@dataclass
class State:
    """How far a run has come.

    Attributes:
        iteration: Updates that the picture has had, over all sizes.
        seconds: What they took.
        losses: A row of numbers for each reported iteration.
        picture: The combination image, float32, shape (1, rows, cols, 3); None where the run has
            not begun.
        optimizer: Arrays by name, from the optimizer's `state`.
    """

    iteration: int = 0
    seconds: float = 0.0
    losses: list = field(default_factory=list)
    picture: np.ndarray | None = None
    optimizer: dict = field(default_factory=dict)


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

    def load(self):
        """The `State` to go on from; that of a new run where there is no file yet.

        Raises:
            CheckpointError: If the file is no checkpoint, is damaged, or belongs to another run.
        """
        if self._path is None or not self._path.exists():
            return State()
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
        return state

    def _read(self):
        try:
            with np.load(self._path, allow_pickle=False) as file:
                arrays = dict(file)
            state = State(
                int(arrays.pop("iteration")),
                float(arrays.pop("seconds")),
                arrays.pop("losses").tolist(),
                arrays.pop("picture"),
            )
            run = json.loads(str(arrays.pop("run")))
            state.optimizer = arrays
            return run, state
        except Exception as error:  # damaged bytes make NumPy and zipfile raise nearly anything
            raise CheckpointError(
                f"{self._path} is no checkpoint, or a damaged one ({one_line(error)}): "
                "give another name, or remove it to begin anew."
            ) from error

    @property
    def due(self):
        """Whether it is time to save again."""
        return self._path is not None and time.monotonic() >= self._next

    def save(self, state):
        """Writes the file; where that fails, on a full disk say, warns, and the run goes on."""
        if self._path is None:
            return
        parts = {name: value for name, value in vars(state).items() if name != "optimizer"}
        try:
            with open_atomically(self._path) as file:
                np.savez(file, run=json.dumps(self._run), **parts, **state.optimizer)
        except ImageError as error:
            warnings.warn(f"{error} The run goes on without saving.", stacklevel=2)
        self._next = time.monotonic() + INTERVAL


def _digest(image):
    if image is None:
        return None
    return f"{image.shape} {hashlib.sha256(np.ascontiguousarray(image)).hexdigest()}"
