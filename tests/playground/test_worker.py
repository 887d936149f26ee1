"""The worker alone: jobs that sleep in place of runs."""

import threading
import time

import pytest

from nst_helpers.playground.worker import CancelledError, Worker

PATIENCE = 10


class Journal:
    """A worker whose job publishes steps until it is told to stop, and what came of it."""

    def __init__(self, steps=3, **settings):
        self.lines = []
        self.steps = steps
        self.jobs = 0
        self.threads = set()
        self.error = None
        self.worker = Worker(self._job, self._failed, **settings)

    def say(self, line):
        self.lines.append(line)

    def request(self, name="asked"):
        self.worker.request(lambda: self.say(name))

    def finish(self):
        assert self.worker.wait(PATIENCE)

    def _job(self, publish):
        self.jobs += 1
        job = self.jobs
        self.threads.add(threading.current_thread())
        if self.error:
            raise self.error
        for step in range(self.steps):
            publish(lambda step=step: self.say((job, step)))
            time.sleep(0.001)

    def _failed(self, error):
        self.say(error)


@pytest.fixture
def make():
    made = []

    def make(**settings):
        made.append(Journal(**settings))
        return made[-1]

    yield make
    for journal in made:
        journal.worker.cancel()
        journal.finish()


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.001)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_request_is_announced_and_done(make, blocking):
    journal = make(blocking=blocking)
    assert journal.worker.wait(0)
    journal.request()
    journal.finish()
    assert journal.lines == ["asked", (1, 0), (1, 1), (1, 2)]
    assert (threading.current_thread() in journal.threads) == blocking


def test_all_jobs_have_one_thread(make):
    journal = make()
    for _ in range(20):
        journal.request()
        journal.finish()
    assert journal.jobs == 20 and len(journal.threads) == 1


def test_requests_in_quick_succession_are_one_job(make):
    journal = make(delay=0.05)
    for _ in range(5):
        journal.request()
        time.sleep(0.005)
    journal.finish()
    assert journal.jobs == 1


def test_a_newer_request_silences_the_older_job(make):
    journal = make(steps=10**6)
    journal.request("first")
    until(lambda: (1, 3) in journal.lines)
    journal.request("second")
    until(lambda: (2, 3) in journal.lines)
    journal.worker.cancel(lambda: journal.say("cancelled"))
    journal.finish()
    assert journal.lines[-1] == "cancelled"
    middle = journal.lines.index("second")
    assert {line[0] for line in journal.lines[1:middle]} == {1}
    assert {line[0] for line in journal.lines[middle + 1 : -1]} == {2}


def test_a_job_that_only_asks_is_told(make):
    told = threading.Event()

    def job(publish):
        try:
            while True:
                publish()
        except CancelledError:
            told.set()
            raise

    worker = Worker(job, failed=None)
    worker.request(lambda: None)
    time.sleep(0.01)
    worker.cancel()
    assert told.wait(PATIENCE) and worker.wait(PATIENCE)


def test_cancelled_before_it_began(make):
    journal = make(delay=60)
    journal.request()
    assert not journal.worker.wait(0)
    journal.worker.cancel()
    journal.finish()
    assert journal.jobs == 0


@pytest.mark.parametrize("blocking", [True, False])
def test_after_a_failure_the_next_job_is_done(make, blocking):
    journal = make(blocking=blocking)
    journal.error = ZeroDivisionError()
    journal.request()
    journal.finish()
    assert journal.lines == ["asked", journal.error]
    journal.error = None
    journal.request()
    journal.finish()
    assert journal.lines[-1] == (2, 2)


def test_a_failure_of_an_older_job_is_not_told(make):
    begun, go_on, failures = threading.Event(), threading.Event(), []

    def job(publish):
        if not begun.is_set():
            begun.set()
            go_on.wait(PATIENCE)
            raise ZeroDivisionError

    worker = Worker(job, failures.append)
    worker.request(lambda: None)
    assert begun.wait(PATIENCE)
    worker.request(go_on.set)
    assert worker.wait(PATIENCE)
    assert failures == []


def test_a_blocking_request_from_inside_a_job_comes_next():
    done = []

    def job(publish):
        done.append("begun")
        if len(done) == 1:
            worker.request(lambda: done.append("asked"))  # returns at once
        publish(lambda: done.append("published"))

    worker = Worker(job, failed=None, blocking=True)
    worker.request(lambda: None)
    assert done == ["begun", "asked", "begun", "published"]


def test_an_interrupt_of_a_blocking_job_reaches_the_caller(make):
    journal = make(blocking=True)
    journal.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        journal.request()
    assert journal.worker.wait(0)
