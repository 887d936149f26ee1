"""Exercises of lesson 15: adaptive instance normalization, and when training pays."""

import numpy as np

from nst_helpers.tasks.task import close, expect, task


@task(
    "15.1",
    "For each feature by itself: take its mean off, divide by its deviation.",
    "And then: times the other's deviation, plus the other's mean.",
)
def adain(answer):
    """answer(content, style): the content's features with the style's means and deviations."""
    rng = np.random.default_rng(1)
    content = rng.normal(3, 2, (6, 8, 4)) * [1, 2, 3, 4]
    style = rng.normal(-1, 5, (5, 9, 4)) * [4, 1, 2, 3]
    found = np.asarray(answer(content.copy(), style.copy()))
    expect(
        found.shape == content.shape,
        f"The scene is the content's, and so is the shape: {content.shape}, not {found.shape}.",
    )
    places = (0, 1)
    mean, spread = style.mean(places), style.std(places)
    expect(
        not close(found.mean(places), content.mean(places)),
        "Its means are still the content's: they should be the style's.",
    )
    expect(
        not close(found, _moved(content, style, (0, 1, 2))),
        "One mean and one deviation for all features together: each feature needs its own.",
    )
    expect(
        close(found.mean(places), mean, 1e-3),
        "The mean of each feature should be the style's: take the content's off first.",
    )
    expect(
        not close(found.std(places), content.std(places), 1e-3),
        "The means are right. The deviations are still the content's.",
    )
    expect(
        not close(found.std(places), content.std(places) * spread, 1e-3),
        "Divide by the content's deviation before you multiply by the style's.",
    )
    expect(close(found, _moved(content, style, places), 1e-3), "Scale and move, nothing else.")


def _moved(content, style, axes):
    centred = (content - content.mean(axes)) / content.std(axes)
    return centred * style.std(axes) + style.mean(axes)


@task(
    "15.2",
    "Training is paid once. How many seconds does each picture save afterwards?",
    "A number of pictures is whole. Which way do you round, if it has to be faster?",
)
def pays_after(answer):
    """answer(training, slow, fast): pictures until a trained network was faster, in seconds."""
    found = answer(3600, 30, 0.5)
    expect(
        found != 120, "The trained network takes its time as well: what does one picture *save*?"
    )
    expect(isinstance(found, int), f"A number of pictures is an int, not {found!r}.")
    expect(found != 3600 // 29.5, "At 122 pictures it is not faster yet: 3,661 s against 3,660 s.")
    expect(found == 123, "The smallest n with training + n · fast < n · slow.")
    expect(
        answer(100, 11, 1) == 11,
        "At 10 pictures, 100 + 10 · 1 is just as long as 10 · 11: not faster yet.",
    )
