"""Exercises of lesson 9: clocks, digits, multiplications and curvature."""

import time

import numpy as np

from nst_helpers.tasks.task import close, expect, task

USUAL, HELD_UP, FIRST = 0.004, 0.12, 0.4  # seconds of a call
MOST_PRODUCTS = 4


@task(
    "9.1",
    "Call the function once before you start the clock.",
    "Which is hardly changed by one call that was held up: the mean, the median?",
)
def seconds(answer):
    """answer(function): what one call takes, once compiled, on a machine that is busy at times."""
    calls = []

    def function():
        calls.append(1)
        time.sleep({1: FIRST, 4: HELD_UP}.get(len(calls), USUAL))

    found = float(answer(function))
    expect(len(calls) > 3, "Measure at least three calls: one alone says little.")
    expect(
        not found > 0.035,
        "Too long: is the first call, which compiles, counted in? And is the sum divided by the "
        "number of calls?",
    )
    expect(
        not found > 3 * USUAL,
        "One call was held up, and your mean carries it: take the median.",
    )
    expect(found > 0.8 * USUAL, "Too short: is the clock read around the call?")


@task(
    "9.2",
    "Two loops become two lines: one before the scaling, one behind it.",
    "With ρ = 1/(y·s) and α = ρ s·g: take α y off g, scale what is left by (s·y)/(y·y), and put "
    "something back along s.",
)
def direction(answer):
    """answer(g, s, y): L-BFGS with one pair: the step s, and y, how the gradient changed."""
    A = np.diag([1.0, 4.0, 25.0])
    s, g, a, b = np.random.default_rng(14).normal(size=(4, 3))
    y = A @ s
    expect(
        not close(answer(y, s, y), s, 1e-5),
        "The sign is wrong: asked about y it should answer −s, since it goes downhill.",
    )
    expect(
        not close(answer(g, s, y), -g),
        "That is the steepest descent: s and y are not used at all.",
    )
    expect(
        close(answer(y, s, y), -s, 1e-5),
        "Asked about y it should answer −s: a change of the gradient by y came from the step s.",
    )
    expect(float(answer(g, s, y) @ g) < 0, "It should lead downhill, more or less against g.")
    expect(
        close(a @ answer(b, s, y), b @ answer(a, s, y), 1e-5),
        "The matrix behind it should be symmetric: both loops are needed, before and behind the "
        "scaling.",
    )


@task(
    "9.3",
    "x.view('uint32') shows the bits as whole numbers; & 0xFFFF0000 clears the last 16.",
    "To round instead of cutting off: what do you add to 3.7 before you cut its decimals?",
)
def to_bfloat16(answer):
    """answer(x): float32 values with only 8 bits of digits, rounded to the nearest."""
    x = np.random.default_rng(12).normal(0, 50, 4000).astype("float32")
    found = np.asarray(answer(x.copy()))
    expect(found.dtype == np.float32, f"Return float32 values, not {found.dtype}.")
    expect(not close(found, x, 1e-7), "Nothing has changed: the last 16 bits should become zero.")
    expect(
        not (found.view("uint32") & 0xFFFF).any(),
        "Some of the last 16 bits are not zero. (float16 is another type: it has more digits, and "
        "fewer sizes.)",
    )
    error = float(abs(found / x - 1).max())
    expect(error < 2**-7, "More than a last digit off: the first 16 bits should stay.")
    expect(
        error <= 2**-8 * 1.0001,
        f"The largest error is {error:.4f}: you cut off. Add half of the last digit that stays, "
        "then cut.",
    )


class _Counting(float):
    """A number that counts how often it is multiplied with another one."""

    products = 0

    def __mul__(self, other):
        _Counting.products += 1
        return _Counting(float(self) * float(other))

    __rmul__ = __mul__

    def __add__(self, other):
        return _Counting(float(self) + float(other))

    __radd__ = __add__

    def __sub__(self, other):
        return _Counting(float(self) - float(other))

    def __neg__(self):
        return _Counting(-float(self))


@task(
    "9.4",
    "Multiply d0 − d2, d1 + d2, d2 − d1 and d1 − d3 with the four numbers of u, one each.",
    "Each of the two outputs is a sum of three of these products, some with a minus.",
)
def winograd(answer):
    """answer(d, u): two neighbouring outputs of a filter of three, from four inputs."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        d, g = rng.normal(size=4), rng.normal(size=3)
        u = g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2, g[2]
        _Counting.products = 0
        found = [float(v) for v in answer(list(map(_Counting, d)), list(map(_Counting, u)))]
        wanted = np.convolve(d, g[::-1], "valid")
        expect(len(found) == 2, "Return two numbers: two neighbouring outputs.")
        expect(
            not close(found, wanted[::-1]), "The two outputs are swapped: the first begins at d0."
        )
        expect(
            close(found, wanted),
            "These are not the filter's outputs: the first is g0 d0 + g1 d1 + g2 d2, the second "
            "g0 d1 + g1 d2 + g2 d3.",
        )
        expect(
            _Counting.products <= MOST_PRODUCTS,
            f"Right, with {_Counting.products} multiplications. {MOST_PRODUCTS} are enough: each "
            "product can serve both outputs.",
        )
