"""Exercises of lesson 4: Gram matrices, and the distance of two styles."""

import numpy as np

from nst_helpers.losses import gram_matrix, style_loss
from nst_helpers.tasks.task import close, expect, task

ROWS, COLS, FEATURES = 5, 7, 4
POSITIONS = ROWS * COLS


@task(
    "4.1",
    "x.reshape(-1, c) has one position in each row, and one feature in each column.",
    "Features should meet features: which product of this table with itself is c × c?",
)
def gram(answer):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(ROWS, COLS, FEATURES)).astype("float32")
    found, squares, mixed = np.asarray(answer(x)), (x**2).sum((0, 1)), x.reshape(FEATURES, -1)
    expect(
        found.shape != (POSITIONS, POSITIONS),
        f"{POSITIONS} × {POSITIONS}: positions meet positions. Features should meet features.",
    )
    expect(
        found.shape == (FEATURES, FEATURES),
        f"{FEATURES} features should give a {FEATURES} × {FEATURES} matrix, not {found.shape}.",
    )
    expect(close(found, found.T, 1e-4), "i with j is the same as j with i: make it symmetric.")
    expect(
        not close(np.diag(found) * POSITIONS, squares, 1e-4),
        "That is the mean over the positions. The Keras example takes the sum.",
    )
    expect(
        not close(np.diag(found), np.ones(FEATURES), 1e-3),
        "Correlations: a feature with itself is always 1 there, however strong it is.",
    )
    expect(
        not close(found, mixed @ mixed.T, 1e-4),
        "reshape(c, -1) mixes features: it reads the numbers in another order, it does not "
        "transpose.",
    )
    expect(
        close(np.diag(found), squares, 1e-4),
        "On the diagonal each feature meets itself: there stands its sum of squares.",
    )
    shuffled = rng.permutation(x.reshape(-1, FEATURES)).reshape(x.shape)
    expect(
        close(found, gram_matrix(x), 1e-4) and close(answer(shuffled), found, 1e-3, 1e-3),
        "Off the diagonal: the sum, over all positions, of feature i times feature j.",
    )


@task(
    "4.2",
    "How large is the squared difference if the other picture is blank, C = 0?",
    "Divide by that, and it becomes 1.",
)
def style_distance(answer):
    """answer(S, C): of Gram matrices, so that layers can be compared; 1 for a blank picture."""
    features = np.random.default_rng(5).normal(size=(2, 50, 6))
    S, C = (each.T @ each for each in features)
    expect(close(answer(S, S), 0.0, atol=1e-9), "From itself, a style should have distance 0.")
    expect(
        close(answer(1000 * S, 1000 * C), answer(S, C), 1e-4),
        "Make both 1,000 times as strong, and the distance changes. Divide by the size of S.",
    )
    blank = answer(S, 0 * S)
    expect(
        close(blank, 1.0, 1e-4),
        f"A blank picture should be at distance 1, not {float(blank):.3g}. What do you divide by: "
        "the sum of the squares, or something else?",
    )
    expect(
        close(answer(S, C), ((S - C) ** 2).sum() / (S**2).sum(), 1e-4),
        "Too much and too little should not cancel out: square each difference before you add them "
        "up, and each number of S as well.",
    )


@task(
    "4.3",
    "Write down one entry, Σ a·b. What is it with 2a and 2b?",
    "The style loss is a sum of squared differences of such entries.",
)
def factors(answer):
    """answer: by how much a Gram entry and the style loss grow when all features double."""
    x = np.random.default_rng(6).normal(size=(9, 9, 3)).astype("float32")
    blank = np.zeros_like(x)
    of_entry = float(gram_matrix(2 * x)[0, 0] / gram_matrix(x)[0, 0])
    of_loss = float(style_loss(2 * x, blank, 9, 9) / style_loss(x, blank, 9, 9))
    entry, loss = map(float, answer)
    expect(
        not close(entry, 2.0), "A Gram entry is a *product* of two features, and both are doubled."
    )
    expect(close(entry, of_entry, 1e-3), "The first number: compute Σ (2a)(2b) for one entry.")
    expect(not close(loss, entry), "The loss squares the difference of two Gram matrices.")
    expect(close(loss, of_loss, 1e-3), "The second number is the square of the first.")
