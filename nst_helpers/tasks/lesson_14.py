"""Exercises of lesson 14: a grid's runs, how long workers need, and what to choose."""

import itertools

from nst_helpers.tasks.task import close, expect, task

CHOICES = {"style": ["mosaic", "woodcut"], "strength": [0.5, 1, 2], "rows": [96, 128]}


@task(
    "14.1",
    "Each value of one setting meets each value of all others: itertools.product.",
    "product gives tuples of values. dict(zip(names, values)) puts the names to them.",
)
def runs_of(answer):
    """answer(choices): from names to lists of values, all runs; the last name varies fastest."""
    found = list(answer({name: list(values) for name, values in CHOICES.items()}))
    every = [
        dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())
    ]
    expect(
        all(isinstance(run, dict) for run in found),
        "Each run should be a dictionary, from the name of a setting to its value.",
    )
    expect(
        len(found) not in (2, 3),
        f"{len(found)} runs: you walk through the lists side by side. Each value meets *all* "
        "others.",
    )
    expect(
        len(found) == len(every),
        f"2 · 3 · 2 = 12 runs, not {len(found)}: the numbers of values are multiplied.",
    )
    expect(all(run in found for run in every), "Twelve they are, but not all different mixes.")
    expect(
        found == every,
        "All are there, in another order. Run 1 should differ from run 0 in the last name only.",
    )


@task(
    "14.2",
    "Keep a list: when will each worker be free? At first, all are free at 0.",
    "The next run goes to the worker that is free first: index(min(…)).",
)
def seconds_for(answer):
    """answer(runs, workers): seconds until the last run is done; a free worker takes the next."""
    runs = [5, 1, 1, 1, 4]
    found = answer(list(runs), 2)
    expect(close(answer([2, 2, 2], 1), 6), "One worker does all runs, one after the other.")
    expect(
        not close(found, 6),
        "6 s would need a run cut in two, so that nobody has to wait. Runs stay whole.",
    )
    expect(
        not close(found, 10),
        "You dealt the runs out like cards. But worker 0 is busy for 5 s: worker 1 is free first.",
    )
    expect(
        not close(found, 5),
        "As long as the longest run? Or did you start with the longest? They come in their order.",
    )
    expect(close(found, 7), f"On paper: 5 | 1, 1, 1, 4. The last one ends after 7 s, not {found}.")
    expect(
        close(answer([3, 3], 4), 3),
        "Two runs and four workers: two have nothing to do, and all is done after 3 s.",
    )


@task(
    "14.3",
    "First sort out: no error, and near enough to the content. Keep their places.",
    "Of those, min(…, key=…) by the style distance.",
)
def choose(answer):
    """answer(table, limit): the place of the best row, or -1."""
    failed = {"error": "no such file"}
    numbers = [(80, 20, 3.0), (70, 48, 9.0), (66, 50, 5.0), (50, 58, 1.0), (45, 70, 2.0)]
    names = "content_distance", "style_distance", "total_loss"
    rows = [dict(zip(names, each, strict=True), error="") for each in numbers]
    table = [failed, *rows, failed]
    found = answer([dict(row) for row in table], 70)
    expect(
        not isinstance(found, dict),
        "That is the row itself. Return its place, so that you find its picture, too.",
    )
    expect(found != 1, "Row 1 has the best style, but its content is too far away: mind the limit.")
    expect(
        found != 4,
        "The lowest total loss, or sum? With other weights a total means something else: choose by "
        "the style distance.",
    )
    expect(
        found != 0,
        "Place 0 in what was left over. Which place has that row in the *whole* table?",
    )
    expect(found != 3, "Row 3 is nearer than the limit, but row 2 is *at* it, and that is allowed.")
    expect(found == 2, f"Row 2 has the best style of those that are allowed, not row {found}.")
    expect(answer([failed, *rows], 10) == -1, "If no row is near enough, return -1.")
