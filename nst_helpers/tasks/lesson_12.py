"""Exercises of lesson 12: two numbers, and a vote."""

from math import comb

from nst_helpers.tasks.task import close, expect, task

RESULTS = {"a": (1.0, 9.0), "b": (2.0, 4.0), "c": (3.0, 5.0), "d": (5.0, 1.0), "e": (5.0, 2.0)}


@task(
    "12.1",
    "A result is beaten if there is another one that is nowhere worse, and somewhere better.",
    "Write beats(one, other) first, and try it with b and c.",
)
def unbeaten(answer):
    """answer(results): from name to (content loss, style loss), the names that none beats."""
    found = set(answer(dict(RESULTS)))
    expect(found <= set(RESULTS), "Return names, such as 'a'.")
    expect(
        found != {min(RESULTS, key=lambda name: sum(RESULTS[name]))},
        "Their sum would need a price of content in style. Compare both numbers, each by itself.",
    )
    expect(found >= {"a", "d"}, "a has the best content and d the best style: nothing beats them.")
    expect("b" in found, "b is the best in neither number, but which other one beats it in both?")
    expect("c" not in found, "c is beaten: b is better in both numbers.")
    expect("e" not in found, "e is beaten: d has the same content loss, and less style loss.")
    expect(
        set(answer({"x": (1.0, 1.0), "y": (1.0, 1.0)})) == {"x", "y"},
        "Two results that are equal do not beat each other.",
    )


@task(
    "12.2",
    "Each of the 2^votes ways in which coins can fall is equally likely.",
    "math.comb(votes, k) counts the ways with k heads. *At least* so many: which k are there?",
)
def by_chance(answer):
    """answer(wins, votes): how likely coins give at least so many heads."""
    found = float(answer(8, 10))
    expect(
        not close(found, 0.8), "That is the share of votes. How likely is it if nobody can tell?"
    )
    expect(
        not close(found, comb(10, 8) / 2**10),
        "That is *exactly* eight of ten: nine and ten would convince you too.",
    )
    expect(
        not close(found, 1 - sum(comb(10, k) for k in (8, 9, 10)) / 2**10),
        "That is how likely *fewer* are.",
    )
    expect(
        not close(found, (comb(10, 9) + 1) / 2**10), "At least eight: eight itself is among them."
    )
    expect(close(answer(0, 10), 1.0), "At least none: that is certain.")
    expect(
        close(found, sum(comb(10, k) for k in (8, 9, 10)) / 2**10) and close(answer(5, 5), 1 / 32),
        "Count the ways with at least so many heads, and divide by 2^votes.",
    )
