"""Exercises of lesson 6: slopes with and without a tape, and what a graph remembers."""

import numpy as np

from nst_helpers.config import TransferConfig
from nst_helpers.evaluation import evaluation, measure_goals
from nst_helpers.images import preprocess_image
from nst_helpers.machine.backend import tf
from nst_helpers.machine.pictures import picture
from nst_helpers.objective import build_terms
from nst_helpers.tasks.task import close, expect, task

SIZE = 48, 72


@task(
    "6.1",
    "Go a small step h along d. By how much did f change, for one unit of the step?",
    "Going forwards makes a small error, going backwards makes the opposite one.",
)
def slope(answer):
    """answer(f, x, d): how fast f grows at x in the direction d, without a tape."""
    x, d = np.random.default_rng(9).normal(size=(2, 4, 5))

    def f(v):
        return float((v**4).sum() / 4)

    true, found = float((x**3 * d).sum()), float(answer(f, x.copy(), d))
    expect(
        not close(found, -true, 1e-3), "The sign is wrong: how much does f grow, going *along* d?"
    )
    expect(
        not close(found, 2 * true, 1e-2),
        "Twice too much: from x − h·d to x + h·d the step is 2 h long.",
    )
    expect(
        abs(found - true) < 0.05 * abs(true),
        f"{found:.3g} instead of {true:.3g}. Is the change of f divided by the step, and is the "
        "step small?",
    )
    expect(
        abs(found - true) < 1e-5 * abs(true),
        "Right to a few digits only. Step to both sides, x + h·d and x − h·d: then the error of "
        "one side cancels that of the other.",
    )


@task(
    "6.2",
    "A Python number is part of the recipe, a tensor is one of its ingredients.",
    "Make a plain function around the compiled one, which turns the weight into a tensor.",
)
def make_weighted(answer):
    """answer(log): a compiled f(x, weight); it appends to the log once for each tracing."""
    log = []
    f, x = answer(log), tf.constant([1.0, 2.0])
    values = [float(f(x, weight)) for weight in (1.0, 2.0, 3.0)]
    expect(
        not close(values, [5, 5, 5]),
        "The new weight has no effect: what Python reads while tracing is frozen into the graph. "
        "Hand it over as an argument.",
    )
    expect(close(values, [5, 10, 15]), "f(x, weight) should be weight · Σ x².")
    expect(log, "Append to the log inside the compiled function, so that it counts tracings.")
    expect(
        len(log) == 1,
        f"Traced {len(log)} times for three weights: each new Python number is a new kind of "
        "argument, or the function was not compiled. Make the weight a tensor before it enters.",
    )


@task(
    "6.3",
    "A loss of squares is smallest where it is 0, and at a smallest value the slope is 0.",
    "For which of the three are all Gram matrices those of the style image?",
)
def where_zero(answer):
    """answer: the name of the picture at which the style loss has no slope."""
    names = "content image", "style image", "noise"
    expect(answer in names, f"Answer one of {', '.join(map(repr, names))}.")
    content, style = (preprocess_image(picture(n), *SIZE) for n in ("harbour_town", "mosaic"))
    noise = np.random.default_rng(0).uniform(-100, 100, content.shape).astype("float32")
    config = TransferConfig.tutorial(content_weight=0, total_variation_weight=0)
    terms = build_terms(config, SIZE)
    slopes = evaluation(terms, measure_goals(terms, content, [style]), content.shape)
    start, there = (
        float(tf.norm(slopes(tf.constant(x))[1]))
        for x in (content, dict(zip(names, (content, style, noise), strict=True))[answer])
    )
    expect(
        there < 1e-3 * start,
        f"Measured: at the {answer} the gradient's length is {there / start:.3g} times that at "
        "the content image. Where is nothing left to improve?",
    )
