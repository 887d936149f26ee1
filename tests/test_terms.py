"""What every term has: a name, a layer, a weight, and what a compiled function knows it by."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf


class MeanStyle(nst.Term):
    def measure(self, x):
        return tf.reduce_mean(x, axis=(0, 1))


def test_a_terms_name_is_its_classs():
    assert MeanStyle("block1_conv1").name == "mean_style"
    assert MeanStyle("block1_conv1", name="brush").name == "brush"
    assert type("VGGStyleV2", (nst.Term,), {})("block1_conv1").name == "vggstyle_v2"
    shown = repr(MeanStyle("block1_conv1", weight=0.5))
    assert shown == "MeanStyle('block1_conv1', weight=0.5, name='mean_style')"


@pytest.mark.parametrize("name", ["total", "seconds", "iteration", "losses", "count", "", 7])
def test_a_name_that_the_table_needs_is_refused(name):
    with pytest.raises(nst.ConfigError, match=f"can't have the name {name!r}"):
        MeanStyle("block1_conv1", name=name)


@pytest.mark.parametrize("weight", [-1, np.nan, np.inf, "1", None, True])
def test_a_weight_is_a_number_of_0_or_more(weight):
    with pytest.raises(nst.ConfigError, match=r"weight must be a number, (0 or more|from 0 to)"):
        MeanStyle("block1_conv1", weight=weight)


@pytest.mark.parametrize(
    ("layer", "near"),
    [("block3_conv", "block3_conv4"), ("pictures", "picture"), ("Block1Conv1", "block1_conv1")],
)
def test_an_unknown_layer_gets_the_nearest(layer, near):
    with pytest.raises(nst.ConfigError, match=f"no layer '{layer}': the nearest is ") as error:
        MeanStyle(layer)
    assert near in str(error.value) and "\n" not in str(error.value)


def test_a_target_that_is_none_of_the_images():
    class Odd(nst.Term):
        target = "noise"

    with pytest.raises(nst.ConfigError, match=r"target is .*, not 'noise'"):
        Odd("block1_conv1")


def test_a_term_without_a_measurement_says_what_is_missing(rng):
    for term in (nst.Term("block1_conv1"), nst.Statistic("block1_conv1")):
        with pytest.raises(NotImplementedError, match="needs a method measure"):
            term.measure(tf.constant(rng.normal(size=(4, 6, 3))))


def test_the_usual_distance_is_a_mean_square(rng):
    term, x, y = MeanStyle("block1_conv1"), rng.normal(size=5), rng.normal(size=5)
    np.testing.assert_allclose(term.distance(x, y), np.mean((x - y) ** 2))
    several = term.distance({"a": x, "b": (y,)}, {"a": y, "b": (y,)})
    np.testing.assert_allclose(several, np.mean((x - y) ** 2))
