"""Does one job at a time; a newer request cancels the older one."""

import atexit
import contextlib
import math
import threading
import time
from functools import partial


class CancelledError(Exception):
    """Raised inside a job to end it: something newer is wanted."""


class Worker:
    """Does a job whenever it is requested, in a thread of its own or in the caller's.

    Args:
        job: Called with a function `publish`. `publish(action)` does `action()` unless a newer
            request has come; then it raises `CancelledError`. `publish()` only asks.
        failed: Called with the exception that the job raised, unless a newer request has come.
        blocking: Whether a request does the job in the caller's thread, and returns when it is
            done.
        delay: Seconds without another request before the job starts in its thread, so that
            requests in quick succession are one job.

    Attributes:
        lock: Held during each action and announcement, so that they come one after the other. It is
            reentrant.
    """

    def __init__(self, job, failed, blocking=False, delay=0.0):
        self.lock = threading.Condition()
        self.blocking = blocking
        self._job = job
        self._failed = failed
        self._delay = 0.0 if blocking else delay
        self._generation = 0  # grows with each request; an older job may not publish any more
        self._due = math.inf  # when the next job starts
        self._busy = False
        self._thread = None

    def request(self, announce):
        """Requests the job in place of the one that is waiting or running.

        Args:
            announce: Called at once, before anything that the job publishes.
        """
        with self.lock:
            self._generation += 1
            self._due = time.monotonic() + self._delay
            announce()
            self.lock.notify_all()
            if not (self.blocking or self._thread):
                self._start_thread()
        if self.blocking and not self._busy:
            while self._due < math.inf:
                self._do_next()

    def cancel(self, announce=None):
        """Ends the job at its next `publish`, and starts no other.

        Args:
            announce: Called at once, after everything that the job has published.
        """
        with self.lock:
            self._generation += 1
            self._due = math.inf
            if announce:
                announce()
            self.lock.notify_all()

    def wait(self, timeout=None):
        """Waits until no job is running or about to start; returns whether that came to be."""
        with self.lock:
            return self.lock.wait_for(lambda: self._due == math.inf and not self._busy, timeout)

    def _start_thread(self):
        self._thread = threading.Thread(target=self._do_all, name="playground", daemon=True)
        self._thread.start()
        atexit.register(self._quit)

    def _quit(self):
        # A thread that is inside TensorFlow while Python ends can take the process down with it.
        self.cancel()
        self.wait(10)

    def _do_all(self):
        while True:
            self._do_next()

    def _do_next(self):
        with self.lock:
            while (rest := self._due - time.monotonic()) > 0:
                self.lock.wait(min(rest, threading.TIMEOUT_MAX))
            self._due, self._busy = math.inf, True
            publish = partial(self._publish, self._generation)
        try:
            self._job(publish)
        except CancelledError:
            pass
        except Exception as error:
            with contextlib.suppress(CancelledError):
                publish(partial(self._failed, error))
        finally:
            with self.lock:
                self._busy = False
                self.lock.notify_all()

    def _publish(self, generation, action=None):
        with self.lock:
            if generation != self._generation:
                raise CancelledError
            if action:
                action()
