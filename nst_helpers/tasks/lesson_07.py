"""Exercises of lesson 7: learning rates, and the loop."""

import numpy as np

from nst_helpers.tasks.task import close, expect, task

EXAMPLE_PIXELS = 400 * 599


@task(
    "7.1",
    "Along an eigenvector with eigenvalue λ, one step multiplies x by 1 − rate · λ.",
    "Nothing explodes as long as |1 − rate · λ| ≤ 1, for each λ. Which λ is the first to break it?",
)
def largest_rate(answer):
    """answer(A): above it, gradient descent on ½ xᵀ A x explodes."""
    q, _ = np.linalg.qr(np.random.default_rng(10).normal(size=(5, 5)))
    A = q @ np.diag([0.1, 1, 2, 5, 9.0]) @ q.T
    rate = float(answer(A.copy()))
    expect(rate > 0, "A rate is more than 0: the step already goes against the gradient.")
    expect(
        _length(A, q, 0.98 * rate) < 3,
        "Just below your rate it already explodes. Which direction is the steepest?",
    )
    expect(
        not close(rate, 1 / 9, 1e-3),
        "At that rate, the steepest direction is done in one step. It may overshoot, as long as "
        "it comes back: how far may 1 − rate · λ go below 0?",
    )
    expect(
        _length(A, q, 1.02 * rate) > 10,
        "Just above your rate it still converges: only the largest eigenvalue counts.",
    )


def _length(A, q, rate):
    x = q @ np.ones(len(A))
    for _ in range(400):
        x = x - rate * A @ x
    return np.linalg.norm(x)


@task(
    "7.2",
    "Keras: initial_learning_rate * decay_rate ** (step / decay_steps).",
    "The Keras example paints 400 × 599 pixels. Which part of that does your picture have?",
)
def rate(answer):
    """answer(i, rows, cols): the Keras example's rate after i updates, fitted to the size."""
    expect(
        close(answer(0, 400, 599), 100.0),
        "Before the first update, at 400 × 599 pixels, it should be 100.",
    )
    expect(close(answer(100, 400, 599), 96.0, 1e-4), "After 100 updates it should be 96.")
    expect(
        not close(answer(50, 400, 599), 100.0), "It falls smoothly, not in stairs: / instead of //."
    )
    expect(
        close(answer(50, 400, 599), 100 * 0.96**0.5, 1e-4),
        "After 50 updates: half a factor of 0.96, so its square root.",
    )
    small = answer(0, 200, 300)
    expect(not close(small, 100.0), "The size has no effect: at 200 × 300 it is still 100.")
    expect(not small > 100, "A smaller picture should get a smaller rate, and yours is larger.")
    expect(
        close(small, 100 * 200 * 300 / EXAMPLE_PIXELS, 1e-3),
        "In proportion to the *pixels*, rows times columns.",
    )


@task(
    "7.3",
    "One turn of the loop for each rate: evaluate, keep the loss, step.",
    "x = x − rate · gradient makes a new array; x -= … changes the one that you were given.",
)
def descend(answer):
    """answer(loss_and_gradient, x, rates): the loss before each step, and the last x."""
    calls = []

    def loss_and_gradient(x):
        calls.append(1)
        return float(0.5 * (x**2).sum()), x.copy()

    start = np.array([4.0, -2.0])
    given = start.copy()
    losses, end = answer(loss_and_gradient, given, [0.5, 0.5, 0.25])
    expect(
        np.array_equal(start, given),
        "The start has changed: x -= … works in place. Write x = x − …",
    )
    expect(len(calls) == 3, f"Three rates, three evaluations: you made {len(calls)}.")
    expect(abs(end).sum() < abs(start).sum(), "It climbed: go *against* the gradient.")
    expect(close(end, start * 0.5 * 0.5 * 0.75), "Each rate belongs to one step: the last is 0.25.")
    expect(
        close(losses, [10.0, 2.5, 0.625]),
        "Keep the loss *before* each step, the one that was just evaluated: three numbers.",
    )


@task(
    "7.4",
    "A step is rate times gradient. What happens to the gradient?",
    "Ten times the loss has ten times the slope everywhere.",
)
def rate_for(answer):
    """answer(rate, factor): the rate for the same pictures, all weights times factor."""
    A = np.diag([1.0, 3.0, 6.0])
    expect(
        not close(answer(0.1, 10.0), 0.1),
        "With the old rate, each step is ten times as long as before.",
    )
    for factor in (10.0, 0.2):
        x = y = np.random.default_rng(11).normal(size=3)
        for _ in range(5):
            x = x - 0.1 * A @ x
            y = y - answer(0.1, factor) * factor * A @ y
        expect(
            not abs(y).max() > 1e3,
            "It explodes: ten times the weights give ten times the gradient, and now the rate is "
            "larger as well.",
        )
        expect(
            close(x, y, 1e-6), "The path is another one: which rate makes a step as long as before?"
        )
