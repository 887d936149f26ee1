"""Exercises of lesson 0: what a run takes, and what its losses say."""

from nst_helpers.state import LossRow
from nst_helpers.tasks.task import close, expect, task

LOSSES = "total", "content", "style", "total_variation"


@task(
    "0.1",
    "How does the time grow with the number of iterations? Start with that factor alone.",
    "How many pixels has a picture of rows × cols, and how many had the one that was measured?",
)
def seconds_for(answer):
    """answer(rows, cols, iterations, seconds, at): `seconds` is one iteration at size `at`."""
    measured = 0.5, (400, 600)
    expect(
        close(answer(400, 600, 10, *measured), 5.0),
        "At the measured size, ten iterations should take ten times as long as one.",
    )
    expect(
        not close(answer(800, 1200, 10, *measured), 10.0),
        "Twice the rows and twice the columns: how many times the pixels is that?",
    )
    expect(
        close(answer(800, 1200, 10, *measured), 20.0),
        "The time should grow in proportion to the number of pixels, no faster and no slower.",
    )
    expect(
        close(answer(100, 150, 63, 0.5, (200, 300)), 63 * 0.125),
        "`at` is not always (400, 600): use the size that is handed over.",
    )


@task(
    "0.2",
    "getattr(row, 'style') is the same as row.style; loop over the three names.",
    "When has something grown: if its last value is larger than its first, or smaller?",
)
def grown(answer):
    """answer(first, last): the set of the names of the parts that have grown."""
    first, last = (
        LossRow(iteration, seconds, dict(zip(LOSSES, losses, strict=True)))
        for iteration, seconds, losses in ((1, 0.1, (10, 0, 7, 3)), (9, 2.0, (5, 2, 2, 1)))
    )
    found = set(answer(first, last))
    expect(
        not found & {"total", "iteration", "seconds"},
        f"Only the three parts of the loss are asked for: {', '.join(LOSSES[1:])}.",
    )
    expect(
        found != {"style", "total_variation"},
        "Those have fallen. Compare the last row with the first one, not the other way round.",
    )
    expect(
        found == {"content"} and set(answer(last, first)) == {"style", "total_variation"},
        "Compare each of the three parts in both rows.",
    )
    expect(not answer(first, first), "A part that stays the same has not grown.")
