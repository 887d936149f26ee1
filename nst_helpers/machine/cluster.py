"""Calls that a Dask cluster's workers do, as long as one of them is alive.

Dask gives a dead worker's calls to the others. What a call needs travels with it: nothing has to be
kept on a worker, so nothing is lost with it.
"""

import itertools
import math
import os
import warnings
from collections import deque
from functools import partial

from nst_helpers.errors import ClusterError, one_line
from nst_helpers.machine.memory import PARTS, PROCESS_BYTES, SMALLEST_WORK, TILE_BYTES
from nst_helpers.machine.tiling import Cut
from nst_helpers.version import __version__

WAITING = 3  # calls for each thread of the workers: enough that none has to wait for the next
PATIENCE = 20  # seconds without a result, after which we look whether a worker is left
PIECES = 2  # tiles for each thread of the workers, so that a fast one can do more of them

# As text, since a worker without the package could not read a function of ours.
PROBE = (
    "(__import__('nst_helpers.version', fromlist=['version']).__version__, "
    "__import__('importlib.util', fromlist=['util']).find_spec('tensorflow') is not None)"
)


def check_workers(client):
    """Finds out before a run whether each worker can compute.

    Args:
        client: A `dask.distributed.Client`.

    Raises:
        ClusterError: If there is no worker, or one lacks TensorFlow or has another version of the
            package.
    """
    found = client.run(eval, PROBE, on_error="return")
    if not found:
        raise ClusterError("the cluster has no worker yet: client.wait_for_workers(1) waits.")
    for worker, answer in found.items():
        problem = _problem(answer)
        if problem:
            raise ClusterError(f"the worker {worker} {problem}.")
    client.register_plugin(_plugin())


def _problem(answer):
    if isinstance(answer, Exception):
        return f"can't import nst_helpers ({one_line(answer)}): install version {__version__} there"
    version, has_tensorflow = answer
    if version != __version__:
        return f"has nst_helpers {version}, and this is {__version__}: install the same there"
    return None if has_tensorflow else "has no TensorFlow: install nst-helpers[cpu] there"


def _plugin():
    """Makes TensorFlow use as many cores as its worker has threads, also on later workers."""
    from distributed import WorkerPlugin

    class Threads(WorkerPlugin):
        name = "nst_helpers-threads"

        def setup(self, worker):
            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(worker.state.nthreads))

    return Threads()


def cuts_for_cluster(client, size):
    """Where to cut VGG19, so that each worker gets tiles and has the memory for them.

    Args:
        client: A `dask.distributed.Client`.
        size: Rows and cols of the combination image.

    Returns:
        List of `Cut`s; what is behind the last, a hundredth of the work, is computed here.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    threads = sum(worker["nthreads"] for worker in workers) or 1
    rooms = [
        ((worker["memory_limit"] or math.inf) - PROCESS_BYTES) / worker["nthreads"]
        for worker in workers
    ]
    room = min(rooms, default=SMALLEST_WORK)
    room, pixels = max(room, SMALLEST_WORK), size[0] * size[1] / (PIECES * threads)
    shares = pixels, pixels / 16, pixels / 64  # positions of the maps before the parts
    return [
        Cut(layer, int(min(room / each, share)))
        for layer, each, share in zip(PARTS, TILE_BYTES["float32"].a_position, shares, strict=True)
    ]


def on_cluster(client):
    """A function from calls to what they return, in their order, done by the client's workers."""

    def run(calls):
        waiting, most = deque(), WAITING * max(sum(client.nthreads().values()), 1)
        for call in calls:
            waiting.append(_submitted(client, call))
            if len(waiting) == most:
                yield _result(client, waiting.popleft())
        while waiting:
            yield _result(client, waiting.popleft())

    return run


def _submitted(client, call):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # a tile is some megabytes
        return client.submit(call, pure=False)


def _result(client, future):
    from distributed import KilledWorker

    while True:
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            if not client.nthreads():
                raise ClusterError("the cluster has no worker left.") from None
        except KilledWorker as error:
            raise ClusterError(
                "workers died at one tile again and again: give them more memory."
            ) from error


def as_they_come(client, function, jobs):
    """Calls a function with each job, one job a worker at a time.

    Args:
        client: A `dask.distributed.Client`.
        function: Returns a pair of a result and an error, one of them None.
        jobs: Its arguments, one after the other; each is made only when a worker is free for it.

    Yields:
        The place of a job among them and what the function returned, as soon as it has; for a job
        whose workers died, None and why.
    """
    from distributed import as_completed

    jobs = iter(enumerate(jobs))
    first = list(itertools.islice(jobs, max(len(client.nthreads()), 1)))
    places = {_submitted(client, partial(function, job)): place for place, job in first}
    coming = as_completed(places)
    for future in coming:
        for place, job in itertools.islice(jobs, 1):
            following = _submitted(client, partial(function, job))
            places[following] = place
            coming.add(following)
        error = future.exception()
        yield places.pop(future), (None, one_line(error)) if error else future.result()
