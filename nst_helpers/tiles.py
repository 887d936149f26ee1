"""The same evaluation a tile at a time: exact, in little memory, for pictures of any size.

A style statistic is a mean over positions, so tiles add up to it. VGG19 is cut into parts at its
poolings. Pass 1 sends each tile, with a halo of its neighbours, through a part: statistics are
added up over the inner positions, and the maps behind the part are put together. The losses and
their slopes come from these, once. Pass 2 sends each tile again and pulls the slopes back. Galerne,
Raad, Lezama and Morel (*Scaling Painting Style Transfer*, arXiv:2212.13459) send tiles through all
layers at once, which needs a wider halo.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nst_helpers.evaluation import measure, weigh
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.parts import Part, Stage
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.network import PICTURE, map_size, network
from nst_helpers.terms import Map, Statistic

STRIP = 1 << 22  # numbers in a strip of a map that is measured row by row


def run_here(calls):
    """Yields what each of the functions returns, one after the other."""
    return (call() for call in calls)


def tiled_evaluation(
    terms,
    goals,
    shape,
    precision="float32",
    pooling="max",
    convolution="auto",
    padding="zeros",
    cuts=(),
    run=run_here,
):
    """The same as `evaluation`, with less memory.

    Args:
        terms, goals, shape, precision, pooling, convolution, padding: As for `evaluation`.
        cuts: `tiling.Cut`s in their order. What lies behind the last one is evaluated whole.
        run: Function from functions without arguments to what they return, in their order.

    Returns:
        Function from a picture to its losses by name and the gradient of their total.
    """
    plan, kind = _plan(terms, cuts), (precision, pooling, convolution, padding)
    masks = [goal.mask for goal in goals]
    chain = _Chain(plan, _stages(plan, masks, shape[1:3], cuts, kind), run)
    rest = _Rest(plan, kind)
    targets = _targets_in_place(plan, goals)
    goals = [_without_maps(plan, place, goal) for place, goal in enumerate(goals)]

    def evaluate(picture):
        sums, maps = chain.forward(np.asarray(picture)[0])
        losses, of_sums, of_maps = rest.weigh(sums, maps, goals)
        gradient, in_place = chain.backward(maps, of_sums, of_maps, targets)
        for place, loss in in_place.items():
            losses[plan.terms[place].name] += loss
            losses["total"] += loss
        return losses, tf.constant(gradient[np.newaxis])

    return evaluate


def tiled_measure(terms, image, kind, cuts=(), run=run_here):
    """What the terms measure of a target image, as `measure_goals` wants it.

    Args:
        terms: List of `Term`s.
        image: Shape (1, rows, cols, 3), preprocessed.
        kind: Precision, pooling, convolution and padding.
        cuts, run: As for `tiled_evaluation`.

    Returns:
        List of what each term's `measure` returned.
    """
    plan, no_masks = _plan(terms, cuts, in_place=False), [()] * len(terms)
    stages = _stages(plan, no_masks, image.shape[1:3], cuts, kind)
    sums, maps = _Chain(plan, stages, run).forward(np.asarray(image)[0])
    for place, term in enumerate(terms):
        if term.layer in plan.whole and isinstance(term, Map) and term.adds_up:
            sums[place] = _in_strips(term.measure, maps[term.layer])
    return _Rest(plan, kind).measure(sums, maps, no_masks)


def _in_strips(measure_map, x):
    """What is measured at each position by itself, some rows at a time: it takes less memory.

    It has as many bits as the map, since it is compared with such a one.
    """
    whole = None
    for rows in np.array_split(np.arange(len(x)), -(-x.size // STRIP)):
        strip = measure_map(tf.cast(x[rows[0] : rows[-1] + 1], tf.float32)).numpy()
        whole = np.empty((len(x), *strip.shape[1:]), x.dtype) if whole is None else whole
        whole[rows] = strip
    return whole


class _Plan(NamedTuple):
    """Which term is measured in which way.

    Attributes:
        terms: List of `Term`s.
        parts: The layers of each part.
        rest: The layers behind the last cut, which a map passes whole.
        summed: Places of the terms that tiles add up to.
        in_place: Places of those whose distance tiles add up to.
        whole: Layers in the parts where other terms look: their maps are put together.
    """

    terms: list
    parts: list
    rest: tuple
    summed: list
    in_place: list
    whole: set

    @property
    def entry(self):
        """The layer before the rest."""
        return self.parts[-1][-1] if self.parts else PICTURE


def _plan(terms, cuts, in_place=True):
    deepest = max((LAYERS.index(term.layer) for term in terms if term.layer != PICTURE), default=-1)
    ends = [min(LAYERS.index(cut.layer), deepest) + 1 for cut in cuts]
    parts = [LAYERS[start:end] for start, end in pairwise([0, *ends]) if start < end]
    rest = LAYERS[ends[-1] if ends else 0 : deepest + 1]
    tiled = [p for p, term in enumerate(terms) if term.layer not in (*rest, PICTURE)]
    of_picture = [p for p, term in enumerate(terms) if parts and term.layer == PICTURE]
    summed = [p for p in (*of_picture, *tiled) if isinstance(terms[p], Statistic)]
    in_place = [p for p in tiled if in_place and isinstance(terms[p], Map) and terms[p].adds_up]
    whole = {terms[p].layer for p in tiled if p not in (*summed, *in_place)}
    return _Plan(terms, parts, rest, summed, in_place, whole)


def _stages(plan, masks, size, cuts, kind):
    """From the layer before each part to its `Stage`."""
    stages, entry = {}, PICTURE
    masks = [mask if isinstance(mask, tuple) else np.asarray(mask) for mask in masks]
    behind = [*plan.parts[1:], plan.rest]
    for layers, next_layers, cut in zip(plan.parts, behind, cuts, strict=False):
        places = _by_layer(plan, plan.summed, (PICTURE, *layers) if entry == PICTURE else layers)
        statistics, compared = (
            {layer: [plan.terms[p] for p in those] for layer, those in by_layer.items()}
            for by_layer in (places, _by_layer(plan, plan.in_place, layers))
        )
        whole = [
            name for name in layers if name in plan.whole or (next_layers and name == layers[-1])
        ]
        part = Part(layers, statistics, compared, whole, kind)
        stages[entry] = Stage(part, map_size(entry, size), cut.most, places, masks)
        entry = layers[-1]
    return stages


def _by_layer(plan, places, layers):
    """From those of the layers where one of the terms looks to their places."""
    found = {name: [p for p in places if plan.terms[p].layer == name] for name in layers}
    return {name: of_layer for name, of_layer in found.items() if of_layer}


def _targets_in_place(plan, goals):
    """For each term in place its target, and the weight of its differences."""
    targets = {}
    for place in plan.in_place:
        weight, target = goals[place].weight, goals[place].target
        norm = plan.terms[place].norm(tf.cast(target, tf.float32))
        targets[place] = np.asarray(target), float(tf.math.divide_no_nan(weight, norm))
    return targets


def _without_maps(plan, place, goal):
    """A goal without what only the tiles need."""
    target = () if place in plan.in_place else goal.target
    behind = plan.terms[place].layer in (*plan.rest, PICTURE)
    return goal._replace(target=target, mask=goal.mask if behind else ())


class _Chain:
    """The parts one after the other, forth and back."""

    def __init__(self, plan, stages, run):
        self._plan = plan
        self._stages = stages
        self._run = run

    def forward(self, picture):
        """What statistics see in the parts, by place; and the maps that were put together."""
        sums, maps = {}, {PICTURE: picture}
        for entry, stage in self._stages.items():
            of_part, behind = stage.forward(maps[entry], self._run)
            sums, maps = sums | of_part, maps | behind
        return sums, maps

    def backward(self, maps, of_sums, of_maps, targets):
        """Pulls slopes back through the parts.

        Args:
            maps: As `forward` gave them; each is let go as soon as it is no longer needed.
            of_sums, of_maps: Slopes of the total loss along what `forward` gave, as far as it
                depends on it otherwise than through the parts. `of_maps` is let go like `maps`.
            targets: By place, from `_targets_in_place`.

        Returns:
            The gradient, shape (rows, cols, 3); and the losses of the terms in place.
        """
        losses = {}
        for entry, stage in reversed(self._stages.items()):
            places = _by_layer(self._plan, targets, stage.layers)
            pairs = {layer: [targets[p] for p in places[layer]] for layer in places}
            gradient, found = stage.backward(maps.pop(entry), self._run, of_sums, of_maps, pairs)
            for layer in stage.layers:
                of_maps.pop(layer, None)
            gradient += of_maps.get(entry, 0.0)
            of_maps[entry] = gradient
            for layer, of_layer in places.items():
                for place, difference in zip(of_layer, found[layer], strict=True):
                    losses[place] = targets[place][1] * difference
        return of_maps[PICTURE], losses


class _Rest:
    """What lies behind the last cut: the last layers, and the losses of all that was seen."""

    def __init__(self, plan, kind):
        self._plan = plan
        self._kind = kind

    def measure(self, sums, maps, masks):
        """What each term sees; None for those in place."""
        plan, seen = self._plan, {**dict.fromkeys(self._plan.in_place), **sums}
        for entry, layers, wanted in (
            (PICTURE, (), (PICTURE,)),
            (plan.entry, plan.rest, plan.rest),
        ):
            places = [
                p for p, term in enumerate(plan.terms) if term.layer in wanted and p not in sums
            ]
            if places:
                terms, own = ([each[p] for p in places] for each in (plan.terms, masks))
                found = measure(terms, maps[entry][tf.newaxis], own, network(*self._kind), layers)
                seen.update(zip(places, found, strict=True))
        for place, term in enumerate(plan.terms):
            if place not in seen:
                seen[place] = term.measure(tf.cast(maps[term.layer], tf.float32))
        return [seen[place] for place in range(len(plan.terms))]

    def weigh(self, sums, maps, goals):
        """The losses, and the slopes of their total along the sums and along the maps."""
        plan = self._plan
        on_picture = any(
            term.layer == PICTURE and place not in sums for place, term in enumerate(plan.terms)
        )
        wanted = {*plan.whole, *[plan.entry] * bool(plan.rest), *[PICTURE] * on_picture}
        signatures = tuple(term.signature for term in plan.terms)
        key = "rest", signatures, plan.rest, maps[PICTURE].shape, self._kind
        network(*self._kind)  # made outside the graph
        weigh_compiled = CACHE.get("function", key, self._compile)
        losses, *slopes = weigh_compiled(sums, {layer: maps[layer] for layer in wanted}, goals)
        of_sums, of_maps = tf.nest.map_structure(lambda x: x.numpy(), slopes)
        return losses, of_sums, of_maps

    def _compile(self):
        @tf.function
        def weigh_with_slopes(sums, maps, goals):
            with tf.GradientTape() as tape:
                tape.watch(tf.nest.flatten((sums, maps)))
                seen = self.measure(sums, maps, [goal.mask for goal in goals])
                losses = weigh(self._plan.terms, goals, seen)
            zero = tf.UnconnectedGradients.ZERO
            return losses, *tape.gradient(losses["total"], [sums, maps], unconnected_gradients=zero)

        return weigh_with_slopes
