"""A run's checkpoint: one file with all that is needed to continue after whatever ended it."""

import json
import time

import numpy as np

from nst_helpers.errors import CheckpointError, FileError, one_line
from nst_helpers.machine.files import check_writable, open_atomically
from nst_helpers.machine.notices import LOG
from nst_helpers.machine.wording import warn
from nst_helpers.state import LossRow, State

INTERVAL = 30  # seconds; it is saved at the first report after them


class Checkpoint:
    """The file that a run is saved to, as long as it is this run's.

    Args:
        path: File, such as "run.npz"; None saves nothing.
        iterations: How many the run is to have.

    Raises:
        FileError: If the file can't be written.
    """

    def __init__(self, path, iterations):
        self._path = None if path is None else check_writable(path)
        self._fingerprint = None
        self._iterations = iterations
        self._next = time.monotonic() + INTERVAL
        self._saved = 0  # the iteration that the file holds

    @property
    def begun_with(self):
        """The fingerprint of the run in the file; empty where there is no file yet."""
        return self._read()[0] if self._exists else {}

    @property
    def _exists(self):
        return self._path is not None and self._path.exists()

    def load(self, fingerprint):
        """The `State` to continue from, or None where there is no file yet.

        Args:
            fingerprint: What the run is known by, a dictionary as JSON has it.

        Raises:
            CheckpointError: If the file is no checkpoint, is damaged, belongs to another run, or is
                of a run that has gone on for longer.
        """
        self._fingerprint = fingerprint
        if not self._exists:
            return None
        there, state = self._read()
        for name in {**there, **fingerprint}:
            self._compare(name, there.get(name), fingerprint.get(name))
        sizes = len(fingerprint.get("scales", ()))  # which share the iterations
        least = state.iteration if sizes < 2 else max(state.iteration, state.planned)
        if least > self._iterations:
            raise CheckpointError(
                f"{self._path} has {state.iteration:,} iterations already, of {state.planned:,}: "
                f"ask for {least:,} or more, not {self._iterations:,}, or give another name."
            )
        done, all_of_them = f"{state.iteration:,}", f"{self._iterations:,}"
        LOG.info(f"{self._path}: continuing after {done} of {all_of_them} iterations.")
        self._saved = state.iteration
        return state

    def _compare(self, name, there, here):
        if there == here:
            return
        different = f"{name} is {there} there and {here} here"
        if name.endswith(" image"):
            different = f"it has another {name}"
        raise CheckpointError(
            f"{self._path} is the checkpoint of another run: {different}. "
            "Give another name, or remove it to begin again."
        )

    def _read(self):
        try:
            with self._path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = dict(file)
            run = json.loads(str(arrays.pop("run")))
            names, table = run["losses"], arrays.pop("losses").tolist()
            losses = tuple(
                LossRow(int(iteration), seconds, dict(zip(names, row, strict=True)))
                for iteration, seconds, *row in table
            )
            picture = arrays.pop("picture")
            best = arrays.pop("best", picture)
            state = State(losses[-1].iteration, losses, picture, best, arrays, run["planned"])
            return run["fingerprint"], state
        except Exception as error:  # damaged bytes make NumPy and zipfile raise nearly anything
            raise CheckpointError(
                f"{self._path} is no checkpoint, or a damaged one ({one_line(error)}): "
                "give another name, or remove it to begin again."
            ) from error

    @property
    def due(self):
        """Whether it is time to save again."""
        return time.monotonic() >= self._next

    def save(self, state):
        """Writes the file, unless it holds that iteration already.

        Where it can't, on a full disk say, it warns, and the run continues.
        """
        if self._path is None or state.iteration == self._saved:
            return
        names = list(state.losses[-1].losses)
        run = {"fingerprint": self._fingerprint, "planned": state.planned, "losses": names}
        arrays = {"losses": state.losses, "picture": state.picture}
        if state.best is not state.picture:
            arrays["best"] = state.best
        try:
            with open_atomically(self._path) as file:
                np.savez(file, run=json.dumps(run), **arrays, **state.arrays)
            self._saved = state.iteration
        except (FileError, MemoryError) as error:
            warn(f"{one_line(error)} The run continues without saving.", stacklevel=2)
        self._next = time.monotonic() + INTERVAL
