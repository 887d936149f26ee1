"""What an exercise's check is made of."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class WrongAnswerError(AssertionError):
    """The answer is not right yet; the message is a hint that fits the mistake, no answer."""


class Task(NamedTuple):
    """One exercise.

    Attributes:
        check: Function of the answer; raises `WrongAnswerError` unless it is right.
        hints: Sentences that help, one more at each call of `nst.exercises.hint`.
    """

    check: Callable
    hints: tuple


TASKS = {}  # by number, such as "4.1"; the module of a lesson adds its own


def task(number, *hints):
    """Decorator that keeps a check under the number of its exercise."""

    def keep(check):
        TASKS[number] = Task(check, hints)
        return check

    return keep


def expect(condition, hint):
    """Raises `WrongAnswerError` with that hint unless the condition holds."""
    if not condition:
        raise WrongAnswerError(hint)


def close(value, expected, rtol=1e-5, atol=1e-8):
    """Whether two numbers or arrays have one shape and nearly the same values."""
    return np.shape(value) == np.shape(expected) and np.allclose(value, expected, rtol, atol)
