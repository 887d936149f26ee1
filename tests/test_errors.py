"""What the package raises, and how a message comes to one line."""

import pytest

import nst_helpers as nst
from nst_helpers import errors


@pytest.mark.parametrize(
    "name", [name for name in vars(errors) if name.endswith("Error") and name != "UnavailableError"]
)
def test_every_error_is_at_the_front_door(name):
    assert getattr(nst, name) is getattr(errors, name)


def test_a_loss_that_explodes_is_a_setting_to_change():
    error = nst.DivergenceError("lower the rate")
    assert isinstance(error, nst.ConfigError) and error.result is None


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(28, "No space left\n  on device"), "[Errno 28] No space left on device"),
        (ValueError("  a\r\n\tb "), "a b"),
        (MemoryError(), "MemoryError"),
        (ValueError("\n"), "ValueError"),
    ],
)
def test_any_message_comes_to_one_line(error, line):
    assert errors.one_line(error) == line
