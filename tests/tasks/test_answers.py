"""Each exercise: the right answer passes, and each typical wrong one gets its own hint."""

import ast
import dataclasses
import itertools
import time
from math import comb
from pathlib import Path

import nbformat
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.tasks.task import TASKS

MASTERS = sorted((Path(__file__).resolve().parents[2] / "exercises" / "masters").glob("*.ipynb"))
SLOW = "08_play_with_the_sliders"  # its answers are runs
MEAN = np.array([103.939, 116.779, 123.68])
PARTS = "style", "content", "total_variation"


def code_cells(path):
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def asked(source):
    """The number of the exercise and the answer's expression, where a cell checks one."""
    if not source.startswith("nst.exercises.check("):
        return None
    number, answer = ast.parse(source, mode="eval").body.args
    return number.value, ast.unparse(answer)


@pytest.mark.parametrize("path", [p for p in MASTERS if p.stem != SLOW], ids=lambda p: p.stem)
def test_the_instructors_solutions_are_right(path):
    names = {}
    for source in code_cells(path):
        if found := asked(source):
            number, answer = found
            verdict = nst.exercises.check(number, eval(answer, names))
            assert verdict.right, f"{number}: {verdict}"
        elif "### BEGIN SOLUTION" in source or source.startswith(("import", "from")):
            exec(source, names)


def test_every_exercise_with_a_check_has_a_master():
    numbers = [asked(source) for path in MASTERS for source in code_cells(path)]
    numbers = [found[0] for found in numbers if found]
    for number in numbers:
        nst.exercises.hint(number)  # loads its lesson
    assert sorted(numbers) == sorted(TASKS)


@pytest.mark.parametrize("stub", [None, ...], ids=["None", "..."])
def test_who_typed_nothing_is_not_told_that_he_is_wrong(stub):
    def raises(*arguments):
        raise NotImplementedError("your turn")

    def empty(*arguments):
        pass

    for number in list(TASKS):
        for answer in (stub, raises, empty):
            if callable(answer) and not takes_functions(number):
                continue
            assert nst.exercises.check(number, answer).right is None, number


def takes_functions(number):
    return number not in ("2.3", "4.3", "6.3", "8.1", "8.2", "8.3", "11.1")


class LeftAsAStub(nst.Term):
    def measure(self, x):
        raise NotImplementedError("your turn")


def test_a_class_that_is_still_a_stub_is_not_tried():
    assert nst.exercises.check("11.1", LeftAsAStub).right is None


# Wrong answers, each with words of the hint that it should get.

WRONG = {
    "0.1": [
        (lambda r, c, n, s, at: n * s * r / at[0], "how many times the pixels"),
        (lambda r, c, n, s, at: s * r * c / (at[0] * at[1]), "ten times as long as one"),
        (lambda r, c, n, s, at: n * s * r * c / (400 * 600), "size that is handed over"),
        (lambda r, c, n, s, at: n * s * (r * c / (at[0] * at[1])) ** 2, "no faster and no slower"),
    ],
    "0.2": [
        (lambda a, b: {n for n in PARTS if getattr(a, n) > getattr(b, n)}, "have fallen"),
        (lambda a, b: {n for n in a._fields if getattr(b, n) > getattr(a, n)}, "asked for"),
        (lambda a, b: {n for n in PARTS if getattr(b, n) >= getattr(a, n)}, "stays the same"),
        (lambda a, b: {"content"}, "in both rows"),
    ],
    "1.1": [
        (lambda w, h, r: int(h * r / w), "on paper"),
        (lambda w, h, r: round(w * r / h), "Round down"),
        (lambda w, h, r: w * r / h, "is an int"),
        (lambda w, h, r: w * r // h if w > h else h * r // w, "one formula"),
        (lambda w, h, r: int(w / h * 400) if w > h else int(r * w / h), "another shape"),
    ],
    "1.2": [
        (lambda x: x[:, ::-1], "mirror image"),
        (lambda x: x.transpose(1, 0, 2), "changed places"),
        (lambda x: x[::-1, ::-1, ::-1], "third axis"),
        (lambda x: x[::-1, ::-1], "half a turn"),
        (lambda x: x, "has not changed"),
    ],
    "1.3": [
        (lambda x: x[..., 2].mean(), "only brightness"),
        (lambda x: x[..., 2].mean() - x[..., 0].astype(float).mean(), "half the brightness"),
        (lambda x: x[..., 0].mean() / x.mean(), "which channel"),
        (lambda x: int(x[..., 2].mean() > x[..., 0].mean()), "another order"),
    ],
    "1.4": [
        (
            lambda a, b: (np.sort(a.reshape(-1, 3), 0) == np.sort(b.reshape(-1, 3), 0)).all(),
            "three numbers of a pixel",
        ),
        (lambda a, b: {*map(bytes, a.reshape(-1, 3))} == {*map(bytes, b.reshape(-1, 3))}, "often"),
        (lambda a, b: a.mean().round() == b.mean().round(), "one number of b"),
        (lambda a, b: np.array_equal(a, b), "pixels shuffled"),
    ],
    "2.1": [
        (lambda x: clipped(add_in_place(x)[..., ::-1]), "in place"),
        (lambda x: clipped((x[0] + MEAN)[..., ::-1]), "too dark"),
        (lambda x: clipped(np.rint(x[0] + MEAN)), "Red and blue"),
        (lambda x: clipped(np.rint(x[0, ..., ::-1])), "the mean added"),
        (lambda x: np.rint((x[0] + MEAN)[..., ::-1]).astype(int).astype("uint8"), "become 255"),
        (lambda x: np.rint((x[0] + MEAN)[..., ::-1]), "type uint8"),
    ],
    "2.2": [
        (lambda p, b: "mean" if b.mean() < 0.6 * p.mean() else "flip", "was taken for"),
        (lambda p, b: True, "Answer"),
    ],
    "2.3": [
        ((0, 0, 0), "Black?"),
        ((128, 128, 128), "neutral gray"),
        ((103, 116, 123), "network's order"),
        (128, "TypeError"),
        ((12, 200, 7), "mean colour"),
    ],
    "3.1": [
        (lambda x, k: windows(x, k), "border is lost"),
        (lambda x, k: windows(np.pad(x, 1), k[::-1, ::-1]), "half a turn"),
        (lambda x, k: windows(np.pad(x, 1), k.T), "transposed"),
        (lambda x, k: windows(np.pad(x, 1), k) / 9, "mean of the nine"),
        (lambda x, k: windows(np.pad(x, 1, mode="edge"), k), "sees zeros"),
        (lambda x, k: x * k.sum(), "its eight neighbours"),
    ],
    "3.2": [
        (lambda x: (x[::2, ::2] + x[::2, 1::2] + x[1::2, ::2] + x[1::2, 1::2]) / 4, "mean of each"),
        (lambda x: x.reshape(x.shape[0] // 2, x.shape[1] // 2, 4).max(-1), "top left number"),
        (lambda x: x[1:, 1:], "side by side"),
        (lambda x: x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).max((1, 3)), "ValueError"),
        (lambda x: np.maximum(x[::2, ::2], x[::2, 1::2]), "row below"),
    ],
    "3.3": [
        (lambda r, c, n: (-(-r // 2 ** (int(n[5]) - 1)), c // 2 ** (int(n[5]) - 1)), "rounded"),
        (lambda r, c, n: (r // 2 ** int(n[5]), c // 2 ** int(n[5])), "Zeros around"),
        (lambda r, c, n: (r / 2 ** (int(n[5]) - 1), c / 2 ** (int(n[5]) - 1)), "an int"),
        (lambda r, c, n: (r, c), "a pool between"),
        (lambda r, c, n: (r // int(n[5]), c // int(n[5])), "Four pools"),
    ],
    "3.4": [
        (lambda name: field(name, pool_sees=0), "pool sees pixels"),
        (lambda name: field(name, spacing=False), "two pixels apart"),
        (lambda name: 3, "one pixel more"),
        (lambda name: field(name, last_step=2), "behind the second pool"),
        (lambda name: field(name) - 1, "sees 3 pixels"),
    ],
    "4.1": [
        (lambda x: x.reshape(-1, x.shape[-1]) @ x.reshape(-1, x.shape[-1]).T, "positions meet"),
        (lambda x: np.einsum("ijc,ijd->cd", x, x) / 35, "mean over the positions"),
        (lambda x: np.corrcoef(x.reshape(-1, x.shape[-1]).T), "Correlations"),
        (
            lambda x: x.reshape(x.shape[-1], -1) @ x.reshape(x.shape[-1], -1).T,
            "mixes features",
        ),
        (lambda x: np.cov(x.reshape(-1, x.shape[-1]).T) * 34, "sum of squares"),
        (lambda x: np.diag((x**2).sum((0, 1))), "Off the diagonal"),
        (lambda x: np.triu(np.einsum("ijc,ijd->cd", x, x)), "symmetric"),
    ],
    "4.2": [
        (lambda S, C: ((S - C) ** 2).sum(), "1,000 times"),
        (lambda S, C: ((S - C) ** 2).sum() / S.sum() ** 2, "at distance 1"),
        (lambda S, C: (S - C).sum() / S.sum(), "cancel out"),
        (lambda S, C: 1 - ((S - C) ** 2).sum() / (S**2).sum(), "From itself"),
    ],
    "4.3": [
        ((2, 4), "both are doubled"),
        ((4, 4), "squares the difference"),
        ((4, 8), "square of the first"),
        ((8, 16), "for one entry"),
    ],
    "5.1": [
        (lambda x, p: abs(np.diff(x, axis=1)).sum() + abs(np.diff(x, axis=2)).sum(), "Twice"),
        (lambda x, p: (x**2).sum() ** p, "one colour"),
        (lambda x, p: sum((d**2).sum() for d in differences(x)) ** p, "at each pixel"),
        (lambda x, p: sum(((d**2) ** p).sum() for d in differences(x)), "Nearly"),
    ],
    "5.2": [
        (lambda s, c, r, k: dict(zip(s, losses(s, c, r, k), strict=True)), "divide by the sum"),
        (lambda s, c, r, k: dict.fromkeys(s, 0.2), "its own style loss"),
        (lambda s, c, r, k: dict.fromkeys(s, 0.1), "add up to 1"),
        (lambda s, c, r, k: {1: 1.0}, "each layer's name"),
    ],
    "5.3": [
        (lambda x: dict(x), "stronger still"),
        (lambda x: {n: 1 / v for n, v in x.items()}, "add up to 5"),
        (lambda x: {n: 1.0 for n in x}, "All weights are equal"),
        (lambda x: {n: v**-0.5 for n, v in x.items()}, "the same for all"),
    ],
    "6.1": [
        (lambda f, x, d, h=1e-3: (f(x + h * d) - f(x)) / h, "both sides"),
        (lambda f, x, d, h=1e-4: f(x + h * d) - f(x - h * d), "divided by the step"),
        (lambda f, x, d, h=1e-4: (f(x - h * d) - f(x + h * d)) / (2 * h), "sign is wrong"),
        (lambda f, x, d, h=1e-4: (f(x + h * d) - f(x - h * d)) / h, "2 h long"),
    ],
    "6.2": [
        (lambda log: weighted(log, as_tensor=False), "new kind"),
        (lambda log: frozen(log), "frozen"),
        (lambda log: lambda x, w: w * tf.reduce_sum(x**2), "Append to the log"),
        (lambda log: lambda x, w: tf.reduce_sum(x) ** 2 * w, "weight · Σ x²"),
    ],
    "6.3": [
        ("content image", "at the content image the"),
        ("noise", "at the noise the"),
        ("everywhere", "Answer one of"),
    ],
    "7.1": [
        (lambda A: 1 / np.linalg.eigvalsh(A).max(), "overshoot"),
        (lambda A: 2 / np.linalg.eigvalsh(A).mean(), "already explodes"),
        (lambda A: 2 / np.trace(A), "still converges"),
        (lambda A: -2 / np.linalg.eigvalsh(A).max(), "more than 0"),
    ],
    "7.2": [
        (lambda i, r, c: 100 * 0.96 ** (i // 100) * r * c / (400 * 599), "in stairs"),
        (lambda i, r, c: 100 * 0.96 ** (i / 100) * r / 400, "the *pixels*"),
        (lambda i, r, c: 100 * 0.96 ** (i / 100) * (400 * 599) / (r * c), "larger"),
        (lambda i, r, c: 100 * 0.96 ** (i / 100), "no effect"),
        (lambda i, r, c: 100 * 0.96**i * r * c / (400 * 599), "should be 96"),
        (lambda i, r, c: 0.96 ** (i / 100) * r * c / (400 * 599), "it should be 100"),
    ],
    "7.3": [
        (lambda f, x, rates: descend(f, x, rates, in_place=True), "in place"),
        (lambda f, x, rates: descend(f, x, [-rate for rate in rates]), "climbed"),
        (lambda f, x, rates: descend(f, x, [rates[0]] * len(rates)), "one step"),
        (lambda f, x, rates: descend(f, x, [*rates, 0.0]), "three evaluations"),
        (lambda f, x, rates: (lambda a: (a[0][::-1], a[1]))(descend(f, x, rates)), "*before*"),
    ],
    "7.4": [
        (lambda rate, factor: rate * factor, "explodes"),
        (lambda rate, factor: rate, "old rate"),
        (lambda rate, factor: rate / factor**0.5, "The path is another"),
    ],
    "9.1": [
        (lambda f: mean_seconds(f, 5), "which compiles"),
        (lambda f: (f(), mean_seconds(f, 7))[1], "the median"),
        (lambda f: (f(), mean_seconds(f, 1))[1], "at least three"),
        (lambda f: [f() for _ in range(5)] and 1e-6, "around the call"),
    ],
    "9.2": [
        (lambda g, s, y: -g, "steepest descent"),
        (lambda g, s, y: lbfgs(g, s, y, second_loop=False), "both loops"),
        (lambda g, s, y: -lbfgs(g, s, y), "sign is wrong"),
        (lambda g, s, y: -(s @ y) / (y @ y) * g, "came from the step"),
    ],
    "9.3": [
        (lambda x: (x.view("uint32") & 0xFFFF0000).astype("uint32").view("float32"), "cut off"),
        (lambda x: x.astype("float16").astype("float32"), "float16 is another"),
        (lambda x: x, "Nothing has changed"),
        (lambda x: np.rint(x).astype("float64"), "float32 values"),
        (lambda x: (x.view("uint32") & 0xFFE00000).astype("uint32").view("float32"), "first 16"),
    ],
    "9.4": [
        (lambda d, u: direct(d, u), "each product can serve both"),
        (lambda d, u: (d[0] * u[0], d[3] * u[3]), "not the filter's outputs"),
        (lambda d, u: direct(d, u)[::-1], "swapped"),
        (lambda d, u: direct(d, u)[:1], "two numbers"),
    ],
    "10.1": [
        (lambda grams, w: sum(a * g for a, g in zip(w, grams, strict=True)), "Four times"),
        (lambda grams, w: sum(grams) / len(grams), "no effect"),
        (lambda grams, w: np.average(grams, 0, w[::-1]), "changed places"),
        (lambda grams, w: np.average(grams, (0, 1), None), "shape of one"),
        (lambda grams, w: np.average(grams, 0, [x**2 for x in w]), "times its share"),
    ],
    "10.2": [
        (lambda x, m: np.einsum("ij,ijc,ijd->cd", m, x, x), "weak style"),
        (lambda x, m: np.einsum("ij,ijc,ijd->cd", m, x, x) / m.size, "weak style"),
        (lambda x, m: np.einsum("ij,ijc,ijd->cd", m**2, x, x) / m.sum(), "twice"),
        (lambda x, m: np.einsum("ijc,ijd->cd", x, x) / m.size, "mask has no effect"),
        (lambda x, m: (x * m[..., None]).mean((0, 1)), "It should be 3 × 3"),
        (lambda x, m: 7 * np.einsum("ij,ijc,ijd->cd", m, x, x), "weighted mean"),
    ],
    "10.3": [
        (lambda p, c: with_luminance(c, p), "changed places"),
        (lambda p, c: clipped(c + (p - c) @ LUMA[:, None]), "wraps around"),
        (lambda p, c: with_luminance(p, c).astype(float), "Return uint8"),
        (lambda p, c: clipped(c + (p.astype(float) - c).mean(2, keepdims=True)), "as the eye does"),
        (lambda p, c: (with_luminance(p, c).astype(int) // 2 + p // 2).astype("uint8"), "Add the"),
        (lambda p, c: p[..., 0], "shape (rows, cols, 3)"),
    ],
    "11.1": [
        (lambda x: (tf.reduce_mean(x), tf.math.reduce_std(x)), "all features together"),
        (lambda x: tf.reduce_mean(x, (0, 1)), "is missing"),
        (lambda x: (tf.reduce_mean(x, (0, 1)), tf.math.reduce_variance(x, (0, 1))), "variance"),
        (lambda x: (tf.reduce_mean(x, 0), tf.math.reduce_std(x, 0)), "both axes"),
        (lambda x: (tf.reduce_max(x, (0, 1)), tf.math.reduce_std(x, (0, 1))), "of each."),
    ],
    "11.2": [
        (lambda x, level, w: tf.reduce_mean(tf.cast(x > level, x.dtype), (0, 1)), "no slope"),
        (lambda x, level, w: tf.reduce_mean(tf.sigmoid((x - level) / w)), "average over places"),
        (lambda x, level, w: tf.reduce_mean(tf.sigmoid(x - level), (0, 1)), "width makes no"),
        (lambda x, level, w: tf.reduce_mean(tf.sigmoid((level - x) / w), (0, 1)), "*below*"),
        (lambda x, level, w: tf.reduce_mean((x - level) / w, (0, 1)) - 9, "between 0 and 1"),
        (lambda x, level, w: tf.reduce_mean(tf.sigmoid(x / w), (0, 1)), "at the level itself"),
        (lambda x, level, w: tf.reduce_mean(tf.sigmoid((x - level) / w), 0), "have a share"),
    ],
    "12.1": [
        (lambda r: {min(r, key=lambda n: sum(r[n]))}, "need a price"),
        (lambda r: {min(r, key=lambda n: r[n][i]) for i in (0, 1)}, "best in neither"),
        (lambda r: set(r), "c is beaten"),
        (lambda r: set(r) - {"c"}, "e is beaten"),
        (lambda r: unbeaten(r, strict=False), "equal do not"),
        (lambda r: set(r.values()), "Return names"),
        (lambda r: {"b", "c"}, "a has the best"),
    ],
    "12.2": [
        (lambda v, limit: v // 2 + 1, "bare majority"),
        (lambda v, limit: int(np.ceil(0.95 * v)), "more than is needed"),
        (lambda v, limit: fewest(v, limit, lambda k: chance(v, k, k), v // 2), "*exactly*"),
        (lambda v, limit: fewest(v, limit, lambda k: chance(v, k + 1, v)), "eight itself"),
        (lambda v, limit: min(v, fewest(v, limit, lambda k: chance(v, k, v))), "one more than"),
        (lambda v, limit: fewest(v, limit, lambda k: chance(v, 0, k)), "at least half the time"),
        (lambda v, limit: 0.7 * v, "an int"),
        (lambda v, limit: 7, "20 of 30 are enough"),
    ],
    "13.1": [
        (lambda sees, own: (sees - own) // own * own, "both sides together"),
        (lambda sees, own: -(-sees // own) * own, "whole field"),
        (lambda sees, own: sees // 2, "also counts the pixels"),
        (lambda sees, own: -(-sees // (2 * own)) * own, "also counts the pixels"),
        (lambda sees, own: (sees - own) // 2 // own * own, "round up"),
        (lambda sees, own: (sees - own) // 2, "go on to a multiple"),
        (lambda sees, own: (sees - own) / 2, "no int"),
        (lambda sees, own: own * (3 + -(-(sees - own) // (2 * own))), "needs no"),
    ],
    "13.2": [
        (lambda r: np.mean([(s - m**2) ** 0.5 for _, m, s in r]), "black tile"),
        (lambda r: shared(r, lambda m, s: (s - m**2) ** 0.5), "black tile"),
        (lambda r: shared(r, lambda m, s: s - m**2) ** 0.5, "*means* lie apart"),
        (lambda r: (np.mean([s for *_, s in r]) - np.mean([m for _, m, _ in r]) ** 2) ** 0.5,
         "weight each tile"),
        (lambda r: shared(r, lambda m, s: s) - shared(r, lambda m, s: m) ** 2, "take the root"),
        (lambda r: shared(r, lambda m, s: s) ** 0.5, "deviation from 0"),
        (lambda r: shared(r, lambda m, s: m), "All positions together"),
    ],
    "13.3": [
        (lambda t, slope: [slope((x**2).mean(0)) * 2 * x / len(x) for x in t], "3 times"),
        (lambda t, slope: pulled(t, slope(np.mean([(x**2).mean(0) for x in t], 0))), "a third"),
        (lambda t, slope: pulled(t, slope(sum((x**2).sum(0) for x in t))), "Pass 1 is wrong"),
        (lambda t, slope: np.concatenate(pulled(t, slope(square(t)))), "for each tile"),
        (lambda t, slope: [slope_now * 2 * x / len(x) for slope_now in [slope(square(t))]
                           for x in t], "tile's own positions"),
        (lambda t, slope: [20 * x for x in pulled(t, slope(square(t)))], "is a *mean*"),
        (lambda t, slope: [x / 2 for x in pulled(t, slope(square(t)))], "is not x"),
        (lambda t, slope: [-x for x in pulled(t, slope(square(t)))], "Chain rule"),
    ],
    "14.1": [
        (lambda c: list(itertools.product(*c.values())), "be a dictionary"),
        (lambda c: [named(c, v) for v in side_by_side(c)], "side by side"),
        (lambda c: [{n: v} for n, values in c.items() for v in values], "are multiplied"),
        (lambda c: [named(c, next(side_by_side(c)))] * 12, "not all different"),
        (lambda c: [named(c, v[::-1]) for v in itertools.product(*[*c.values()][::-1])],
         "another order"),
    ],
    "14.2": [
        (lambda runs, n: sum(runs) / n, "cut in two"),
        (lambda runs, n: max(sum(runs[i::n]) for i in range(n)), "like cards"),
        (lambda runs, n: taken(sorted(runs, reverse=True), [0] * n), "cut in two"),
        (lambda runs, n: max(runs), "One worker does all"),
        (lambda runs, n: max(runs) if n > 1 else sum(runs), "longest run"),
        (lambda runs, n: sum(runs), "On paper"),
        (lambda runs, n: taken(runs, [0] * min(n, 2)) + (n > 2), "nothing to do"),
    ],
    "14.3": [
        (lambda t, limit: chosen(t, limit) >= 0 and t[chosen(t, limit)], "the row itself"),
        (lambda t, limit: chosen(t, 99), "mind the limit"),
        (lambda t, limit: chosen(t, limit, "total_loss"), "means something else"),
        (lambda t, limit: chosen([r for r in t if r.get("content_distance", 99) <= limit], limit),
         "left over"),
        (lambda t, limit: chosen(t, limit - 1e-9), "*at* it"),
        (lambda t, limit: chosen(t, limit, "content_distance"), "of those that are allowed"),
        (lambda t, limit: max(chosen(t, limit), 0), "return -1"),
        (lambda t, limit: min(range(len(t)), key=lambda p: t[p]["style_distance"]), "KeyError"),
    ],
    "15.1": [
        (lambda c, s: moved(c, s, (0, 1, 2)), "each feature needs"),
        (lambda c, s: moved(s, c, (0, 1)), "so is the shape"),
        (lambda c, s: c - c.mean((0, 1)) + s.mean((0, 1)), "deviations are still"),
        (lambda c, s: (c - c.mean((0, 1))) * s.std((0, 1)) + s.mean((0, 1)), "Divide by"),
        (lambda c, s: c / c.std((0, 1)) * s.std((0, 1)) + s.mean((0, 1)), "content's off first"),
        (lambda c, s: (c - c.mean((0, 1))) / c.std((0, 1)) + c.mean((0, 1)), "means are still"),
        (lambda c, s: moved(c, s, (0, 1))[::-1], "nothing else"),
    ],
    "15.2": [
        (lambda t, slow, fast: t // slow, "*save*"),
        (lambda t, slow, fast: t / (slow - fast), "is an int"),
        (lambda t, slow, fast: int(t / (slow - fast)), "3,661 s"),
        (lambda t, slow, fast: int(np.ceil(t / (slow - fast))), "just as long as"),
        (lambda t, slow, fast: int(t / fast), "The smallest n"),
    ],
}  # fmt: skip
LUMA = np.array([0.299, 0.587, 0.114])


def clipped(values):
    return np.clip(values, 0, 255).astype("uint8")


def add_in_place(x):
    """The Keras example's way."""
    x = x.reshape(x.shape[1:])
    x += MEAN.astype("float32")
    return x


def windows(x, kernel):
    return np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(x, (3, 3)), kernel)


def field(layer, pool_sees=1, spacing=True, last_step=99):
    field = step = 1
    for name in LAYERS:
        if name.endswith("pool"):
            field, step = field + pool_sees * step, min(2 * step, last_step)
        else:
            field += 2 * (step if spacing else 1)
        if name == layer:
            return field


def differences(x):
    return x[:, :-1, :-1] - x[:, 1:, :-1], x[:, :-1, :-1] - x[:, :-1, 1:]


def losses(styles, pictures, rows, cols):
    return [float(nst.style_loss(styles[n], pictures[n], rows, cols)) for n in styles]


def weighted(log, as_tensor):
    @tf.function
    def compiled(x, weight):
        log.append("traced")
        return weight * tf.reduce_sum(x**2)

    return lambda x, weight: compiled(x, tf.constant(weight) if as_tensor else weight)


def frozen(log):
    kept = {}

    @tf.function
    def compiled(x):
        log.append("traced")
        return kept["weight"] * tf.reduce_sum(x**2)

    def f(x, weight):
        kept["weight"] = weight
        return compiled(x)

    return f


def descend(loss_and_gradient, x, rates, in_place=False):
    losses = []
    for rate in rates:
        loss, gradient = loss_and_gradient(x)
        losses.append(loss)
        if in_place:
            x -= rate * gradient
        else:
            x = x - rate * gradient
    return losses, x


def mean_seconds(function, times):
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times


def lbfgs(g, s, y, second_loop=True):
    rho = 1 / (y @ s)
    alpha = rho * (s @ g)
    r = (s @ y) / (y @ y) * (g - alpha * y)
    beta = rho * (y @ r) if second_loop else 0
    return -(r + (alpha - beta) * s)


def direct(d, u):
    g = u[0], u[1] - u[2], u[3]
    return tuple(d[k] * g[0] + d[k + 1] * g[1] + d[k + 2] * g[2] for k in (0, 1))


def with_luminance(painted, content):
    difference = (painted.astype(float) - content) @ LUMA
    return clipped(np.rint(content + difference[..., np.newaxis]))


def unbeaten(results, strict):
    def beats(one, other):
        return all(a <= b for a, b in zip(one, other, strict=True)) and (one != other or not strict)

    pairs = itertools.permutations(results, 2)
    return set(results) - {b for a, b in pairs if beats(results[a], results[b])}


def chance(votes, first, last):
    return sum(comb(votes, k) for k in range(first, last + 1)) / 2**votes


def fewest(votes, limit, likely, start=0):
    return next(k for k in range(start, votes + 2) if likely(k) <= limit)


def shared(reports, number):
    positions = sum(count for count, *_ in reports)
    return sum(count / positions * number(m, s) for count, m, s in reports)


def square(tiles):
    return (np.concatenate(tiles) ** 2).mean(axis=0)


def pulled(tiles, slope):
    positions = sum(map(len, tiles))
    return [slope * 2 * x / positions for x in tiles]


def named(choices, values):
    return dict(zip(choices, values, strict=True))


def side_by_side(choices):
    return zip(*choices.values(), strict=False)


def taken(runs, free_at):
    for seconds in runs:
        free_at[free_at.index(min(free_at))] += seconds
    return max(free_at)


def chosen(table, limit, number="style_distance"):
    allowed = [
        place
        for place, row in enumerate(table)
        if not row["error"] and row["content_distance"] <= limit
    ]
    return min(allowed, key=lambda place: table[place][number], default=-1)


def moved(content, style, axes):
    return (content - content.mean(axes)) / content.std(axes) * style.std(axes) + style.mean(axes)


def term(measurement):
    return type("Moments", (nst.Term,), {"measure": lambda self, x: measurement(x)})


@pytest.mark.parametrize(
    ("number", "answer", "words"),
    [(number, *pair) for number, pairs in WRONG.items() for pair in pairs],
    ids=[f"{number}-{words}" for number, pairs in WRONG.items() for _, words in pairs],
)
def test_a_wrong_answer_gets_its_own_hint(number, answer, words):
    verdict = nst.exercises.check(number, term(answer) if number == "11.1" else answer)
    assert verdict.right is False, "taken for right"
    assert {of for _, of in WRONG[number] if of in verdict.message} == {words}


# Lesson 8's answers are runs: small ones here, or their pictures exchanged.


@pytest.fixture(scope="module")
def paint():
    config = nst.TransferConfig.fast(rows=128, iterations=20, match_colours=False)
    content, style = nst.picture("harbour_town"), nst.picture("swirling_strokes")

    def run(initial=None, **changes):
        settings = config.replace(**changes)
        return nst.transfer(content, style, settings, lambda progress: None, initial)

    return run


@pytest.fixture(scope="module")
def usual(paint):
    return paint()


def test_hints_for_the_colours_not_the_strokes(usual):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, usual.image.shape, dtype="uint8")
    unchanged = nst.load_image("harbour_town", 128)
    assert nst.exercises.check("8.1", None).right is None
    for answer, words in (
        (usual, "are still"),
        (with_image(usual, unchanged), "have not come nearer"),
        (with_image(usual, noise), "hardly there"),
        (usual.image, "not its image alone"),
    ):
        assert_hint("8.1", answer, words)


def test_hints_for_half_the_grain(usual, paint):
    ten_times, far_too_much = (paint(total_variation_weight=w) for w in (1e-5, 1e-3))
    small = with_image(usual, usual.image[:64])
    for answer, words in (
        ((usual, ten_times), "Half is asked for"),
        ((usual, far_too_much), "the strokes go with the grain"),
        ((ten_times, usual), "has grown"),
        ((usual, small), "at the same size"),
    ):
        assert_hint("8.2", answer, words)


def test_hints_for_the_harbour_out_of_noise(usual, paint):
    noise = np.random.default_rng(0).integers(0, 256, usual.image.shape, dtype="uint8")
    short = paint(noise, iterations=1)
    for answer, words in (
        (short, "block 5"),
        (with_settings(short, content_layer_name="block3_conv1"), "count enough"),
        (with_settings(short, content_layer_name="block4_conv2"), "lesson 8's own"),
        (with_settings(short, iterations=200), "at most 60"),
        (usual, "begins at 0"),
    ):
        assert_hint("8.3", answer, words)


def with_image(result, image):
    return dataclasses.replace(result, image=image)


def with_settings(result, **changes):
    return dataclasses.replace(result, config=result.config.replace(**changes))


def assert_hint(number, answer, words):
    verdict = nst.exercises.check(number, answer)
    assert verdict.right is False
    assert words in verdict.message
