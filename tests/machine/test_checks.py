"""The checks by themselves, without a config."""

import math
from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from nst_helpers.errors import ConfigError
from nst_helpers.machine import checks


def test_a_number_may_come_as_close_to_its_limit_as_floats_do():
    most = math.nextafter(1, 0)
    assert checks.number("beta", most, least=0, below=1) == most
    with pytest.raises(
        ConfigError, match=r"^beta must be a number, 0 or more and below 1, not 1.$"
    ):
        checks.number("beta", 1, least=0, below=1)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_limit_is_not_rounded_to_the_precision_of_numpys_scalars(kind):
    assert checks.number("beta", kind(0.5), least=0, below=1) == 0.5
    with pytest.raises(ConfigError):
        checks.number("beta", kind(1), least=0, below=1)
    with pytest.raises(ConfigError):
        checks.number("epsilon", kind(0), least=1e-30)


def test_a_tuple_names_what_is_wrong_in_it():
    assert checks.tuple_of("sizes", np.array([1, 2]), checks.whole, least=1) == (1, 2)
    with pytest.raises(ConfigError, match=r"^sizes must be a whole number, 1 or more, not 0.$"):
        checks.tuple_of("sizes", [1, 0], checks.whole, least=1)


def test_a_value_is_shown_on_one_short_line():
    class Lines:
        def __repr__(self):
            return "a\nb"

    assert checks.shown(Lines()) == "a b"
    assert checks.shown(10**5000) == checks.shown([10**5000]) == "a number of thousands of digits"
    assert len(checks.shown(list(range(10**4)))) < 100


def test_any_frozen_dataclass_may_be_checked():
    @checks.suggest_nearest
    @dataclass(frozen=True)
    class Brush:
        width: int = 1

        def __post_init__(self):
            checks.store(self, "width", checks.whole, least=1)

    brush = Brush(np.int8(3))
    assert brush == Brush(width=3) and type(brush.width) is int
    with pytest.raises(ConfigError, match=r"^width must be a whole number, 1 or more, not 0.$"):
        Brush(0)
    with pytest.raises(ConfigError, match=r"^there is no setting 'wdth': the nearest is width.$"):
        Brush(wdth=3)
    with pytest.raises(FrozenInstanceError):
        brush.width = 4
