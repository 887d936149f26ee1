"""Checks of settings: each returns the value as Python's own type, or raises `ConfigError`."""

import dataclasses
import difflib
import functools
import math
import numbers
import reprlib

import numpy as np

from nst_helpers.errors import ConfigError

MOST = 1e30  # leaves float32 room to compute in
MOST_WHOLE = 10**9


def whole(name, value, least, most=MOST_WHOLE):
    """A whole number from `least` to `most`."""
    return int(_within(name, value, numbers.Integral, "a whole number", least, most))


def number(name, value, least, most=MOST, below=None):
    """A number from `least` to `most`, or from `least` to less than `below`."""
    reach = None
    if below is not None:
        most, reach = math.nextafter(below, -math.inf), f"{least} or more and below {below}"
    value = _within(name, value, numbers.Real, "a number", least, most, reach)
    return int(value) if isinstance(value, numbers.Integral) else float(value) + 0.0  # no -0.0


def _within(name, value, kind, words, least, most, reach=None):
    # NumPy would round the limits to the precision of its own scalars: 1e-30 to float16's 0.
    plain = value.item() if isinstance(value, np.number) else value
    fits = isinstance(plain, kind) and not isinstance(plain, bool)
    if fits and least <= plain <= most:  # nan is in no range
        return plain
    if reach is None:
        unbounded = most in (MOST, MOST_WHOLE) and not (fits and plain > most)
        reach = f"{least} or more" if unbounded else f"from {least} to {most}"
    raise ConfigError(f"{name} must be {words}, {reach}, not {shown(value)}.")


def choice(name, value, choices):
    """One of the strings `choices`."""
    if isinstance(value, str) and value in choices:
        return str(value)
    raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {shown(value)}.")


def flag(name, value):
    """True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ConfigError(f"{name} must be True or False, not {shown(value)}.")


def flag_or_choice(name, value, choices):
    """False, or one of the strings `choices`; True stands for the first of them."""
    if isinstance(value, (bool, np.bool_)):
        return choices[0] if value else False
    if isinstance(value, str) and value in choices:
        return str(value)
    words = f"False, True (which means {choices[0]}), or one of {', '.join(choices)}"
    raise ConfigError(f"{name} must be {words}, not {shown(value)}.")


def tuple_of(name, values, check, *arguments, **ranges):
    """A tuple of one value or more that each pass `check`."""
    values = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(values, (list, tuple)) or not values:
        raise ConfigError(f"{name} must be a list of one value or more, not {shown(values)}.")
    return tuple(check(name, value, *arguments, **ranges) for value in values)


def shown(value):
    """The value on one line, shortened where it is long."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "a number of thousands of digits"


def store(settings, name, check, *arguments, **ranges):
    """Validates a setting and stores the converted value, in a frozen dataclass too."""
    value = check(name, getattr(settings, name), *arguments, **ranges)
    object.__setattr__(settings, name, value)


def suggest_nearest(cls):
    """Suggests the closest setting when given an unknown one: decorates a dataclass."""
    init, names = cls.__init__, [field.name for field in dataclasses.fields(cls)]

    @functools.wraps(init)
    def checked(self, /, *values, **settings):
        for name in settings:
            if name not in names:
                closest = nearest(name, names)
                raise ConfigError(f"there is no setting {name!r}: the nearest is {closest}.")
        init(self, *values, **settings)

    cls.__init__ = checked
    return cls


def nearest(name, names):
    """The closest name, in words; all of them where two or three have this one as a part."""
    longer = [each for each in names if name in each]
    if len(longer) not in (2, 3):
        longer = difflib.get_close_matches(name, names, 1, cutoff=0)
    return " or ".join(longer)
