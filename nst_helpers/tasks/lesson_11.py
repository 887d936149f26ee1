"""Exercises of lesson 11: terms that forget places, and have a slope."""

import numpy as np

from nst_helpers.machine.backend import tf
from nst_helpers.objective import Term
from nst_helpers.tasks.task import close, expect, task

FEATURES = 4


@task(
    "11.1",
    "tf.math.reduce_std works like tf.reduce_mean, with the same axis.",
    "measure may return a tuple of two tensors.",
)
def moments(answer):
    """answer: a `Term` that measures each feature's mean and standard deviation."""
    expect(
        isinstance(answer, type) and issubclass(answer, Term),
        "Hand over the class itself, a subclass of nst.Term, not an object of it.",
    )
    rng = np.random.default_rng(1)
    x = rng.gamma(2.0, 3.0, (6, 8, FEATURES)).astype("float32")
    term = answer("block3_conv1")
    measured = tf.nest.flatten(term.measure(tf.constant(x)))
    seen = np.concatenate([np.ravel(each) for each in measured])
    expect(
        len(seen) != 2,
        "One mean and one deviation for all features together: average over rows and columns only.",
    )
    expect(
        len(seen) != FEATURES, f"{FEATURES} numbers: the mean or the deviation of each is missing."
    )
    expect(
        len(seen) == 2 * FEATURES,
        f"{FEATURES} features should give {2 * FEATURES} numbers, not {len(seen)}: both axes of "
        "the picture should be gone.",
    )
    wanted = np.concatenate([x.mean((0, 1)), x.std((0, 1))])
    expect(
        not close(np.sort(seen), np.sort(np.concatenate([x.mean((0, 1)), x.var((0, 1))])), 1e-3),
        "That is the variance: the deviation is its square root.",
    )
    expect(
        close(np.sort(seen), np.sort(wanted), 1e-3), "The mean and the standard deviation of each."
    )


@task(
    "11.2",
    "tf.sigmoid(t) goes from 0 to 1, and is 0.5 at t = 0.",
    "What should t be, so that it is 0 at the level, and changes by 1 over one width?",
)
def soft_share(answer):
    """answer(x, level, width): the share of positions above a level, with a slope."""
    rng = np.random.default_rng(2)
    x = tf.constant(rng.uniform(0, 20, (6, 8, FEATURES)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        share = tf.convert_to_tensor(answer(x, 10.0, 2.0))
    expect(share.shape != (), "One number for all features together: average over places only.")
    expect(
        share.shape == (FEATURES,),
        f"Each of {FEATURES} features should have a share, not a shape of {tuple(share.shape)}.",
    )
    expect(
        tape.gradient(share, x) is not None,
        "It has no slope: a comparison gives steps. Use something that rises gradually.",
    )
    expect(
        not (share < 0).numpy().any() and not (share > 1).numpy().any(),
        "A share lies between 0 and 1.",
    )
    expect(
        not close(share, answer(x, 10.0, 8.0), 1e-3), "Another width makes no difference: use it."
    )
    wanted = tf.reduce_mean(tf.sigmoid((x - 10.0) / 2.0), axis=(0, 1))
    expect(
        not close(share, 1 - wanted, 1e-3), "That is the share *below* the level: turn it around."
    )
    expect(close(share, wanted, 1e-3), "Half of it should be reached at the level itself.")
