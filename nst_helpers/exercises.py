"""Exercises that check themselves: `check`, `hint` and `solution`.

The notebooks in `exercises/` call them. No expected answer is stored: a check makes its own data,
and tests what must be true of the answer, or measures it.
"""

import functools
import importlib
import importlib.util
import json
import traceback
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files

from nst_helpers.errors import ConfigError
from nst_helpers.machine.language import translated
from nst_helpers.machine.wording import reason
from nst_helpers.tasks.task import TASKS, WrongAnswerError

WORDS = {True: "Right.", False: "Not yet.", None: "Not tried yet."}
SOLUTIONS = "exercise_solutions.json"  # written by tools/make_exercises.py

tried, hints_given = set(), Counter()  # of this session, by number


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        right: True or False; None where nothing was tried.
        message: A hint that fits the mistake.
    """

    right: bool | None
    message: str = ""

    def __repr__(self):
        return f"{translated(WORDS[self.right])} {translated(self.message)}".strip()

    def _repr_markdown_(self):
        return f"**{translated(WORDS[self.right])}** {translated(self.message)}".strip()


@dataclass(frozen=True)
class Text:
    """Text that a notebook shows as Markdown."""

    text: str

    def __repr__(self):
        return translated(self.text)

    def _repr_markdown_(self):
        return repr(self)


class _UntriedError(Exception):
    """The answer is still the stub, or returns nothing."""


def check(number, answer):
    """Checks an answer.

    Args:
        number: Of the exercise, such as "4.1".
        answer: What the exercise asks for: a function, a class or a value.

    Returns:
        A `Verdict`; a notebook shows it. It never raises what the answer raises.

    Raises:
        ConfigError: If there is no such exercise.
    """
    checks = _task(number).check
    if _is_stub(answer):
        return Verdict(None, "Replace the `None` by your answer, and run both cells again.")
    try:
        checks(_watched(answer))
    except (_UntriedError, NotImplementedError) as error:
        return Verdict(None, str(error) if isinstance(error, _UntriedError) else _STUB)
    except WrongAnswerError as hint:
        verdict = Verdict(False, str(hint))
    except Exception as error:
        verdict = Verdict(False, _stopped(error, answer))
    else:
        verdict = Verdict(True)
    tried.add(number)
    return verdict


def hint(number):
    """One more hint at each call, from the first to the last.

    Args:
        number: Of the exercise, such as "4.1".

    Returns:
        The hint; a notebook shows it.
    """
    hints = _task(number).hints
    place = min(hints_given[number], len(hints) - 1)
    hints_given[number] += 1
    return Text(f"Hint {place + 1} of {len(hints)}: {hints[place]}")


def solution(number):
    """The solution, after a first try.

    Args:
        number: Of the exercise, such as "4.1".

    Returns:
        The code; a notebook shows it.
    """
    _task(number)
    if number not in tried:
        return Text(f"Try it first: check({number!r}, …) opens the solution, right or wrong.")
    code = json.loads(files("nst_helpers").joinpath("data", SOLUTIONS).read_text("utf-8"))[number]
    return Text(f"```python\n{code}\n```")


_STUB = "Replace the line with `raise` by your own, and run both cells again."
_NOTHING = "Your function returns nothing yet. Does it end in a `return`?"


def _task(number):
    number = str(number)
    lesson = number.partition(".")[0]
    module = f"nst_helpers.tasks.lesson_{lesson:>02}"
    if lesson.isdecimal() and importlib.util.find_spec(module):
        importlib.import_module(module)
    if number not in TASKS:
        there = [each for each in TASKS if each.partition(".")[0] == lesson]
        known = f"lesson {lesson} has {', '.join(there)}" if there else 'write it as in "4.1"'
        raise ConfigError(f"there is no exercise {number!r:.40}: {known}.")
    return TASKS[number]


def _is_stub(answer):
    answers = answer if isinstance(answer, tuple) else (answer,)
    return any(each is None or each is ... for each in answers)


def _watched(answer):
    """The answer; where it is a plain function, one that says when it returned nothing."""
    if isinstance(answer, type) or not callable(answer):
        return answer

    @functools.wraps(answer)
    def watched(*arguments, **named):
        result = answer(*arguments, **named)
        if result is None:
            raise _UntriedError(_NOTHING)
        return result

    return watched


def _stopped(error, answer):
    """Where the answer's own code stopped, and why."""
    file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    name = type(error).__name__
    if own:
        return f"{name} in line {own[-1].lineno} of the cell: {reason(error)}."
    return f"{name} while the check used the answer: {reason(error)}."
