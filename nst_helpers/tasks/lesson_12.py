"""Exercises of lesson 12: two numbers, and a vote."""

from nst_helpers.tasks.task import expect, task

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
    "Lesson 12's by_chance says how likely coins give at least so many wins.",
    "Go up from 0 wins. Which is the first number that is rare enough?",
)
def fewest_wins(answer):
    """answer(votes, limit): the fewest wins that coins reach no more often than the limit."""
    ten, thirty = answer(10, 0.05), answer(30, 0.05)
    expect(isinstance(ten, int), f"A number of votes is an int, not {ten!r}.")
    expect(ten > 5, f"{ten} of 10 votes, and coins give that many or more at least half the time.")
    expect(
        (ten, thirty) != (6, 16),
        "A bare majority: coins give 6 of 10 or more in 38 % of all votes.",
    )
    expect(ten != 10, "You ask for more than is needed: 9 of 10 or more have 1.1 % already.")
    expect(
        (ten, thirty) != (8, 20),
        "8 of 10 have 4.4 % if you count *exactly* eight: nine and ten would convince you too.",
    )
    expect(
        ten != 8,
        "8 of 10 or more have 5.5 %, and 5 % is the limit: count eight itself, too.",
    )
    expect((ten, thirty) == (9, 20), f"9 of 10 and 20 of 30 are enough, not {ten} and {thirty}.")
    expect(
        answer(4, 0.05) == 5,
        "With 4 votes not even 4 are enough (6 %): return one more than there are.",
    )
