"""A part of VGG19, through which a map is sent window by window, forth and back."""

import copy
import pickle
from functools import cached_property, lru_cache, partial

import numpy as np

from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.memory import giving_back
from nst_helpers.machine.tiling import halvings, tiles
from nst_helpers.network import network


class Part:
    """Some layers of VGG19, one after the other, and what is seen there. It pickles.

    Args:
        layers: Their names.
        statistics: From a layer to its `Statistic`s.
        compared: From a layer to the `Map`s that are compared with their targets in place.
        whole: Layers whose maps are wanted, to be put together.
        kind: Precision, pooling, convolution and padding, none of them "auto"; see `Network`.
    """

    def __init__(self, layers, statistics, compared, whole, kind):
        self.layers = layers
        self.statistics = statistics
        self.compared = compared
        self.whole = whole
        self.kind = kind

    def __reduce__(self):
        return _part, (self._pickled,)

    @cached_property
    def _pickled(self):
        from cloudpickle import dumps  # which, other than pickle, takes terms from a notebook

        statistics = {
            layer: [_without_region(term) for term in terms]
            for layer, terms in self.statistics.items()
        }
        return dumps((self.layers, statistics, self.compared, self.whole, self.kind))

    def forward(self, x, masks, tile):
        """Pass 1.

        Args:
            x: Window of the map before the part, shape (rows, cols, channels).
            masks: From a layer to the mask of each of its statistics.
            tile: The window as a `Tile`.

        Returns:
            From layers to what each statistic measured; and to the inner part of each map that is
            wanted.
        """
        seen = self._compiled("forward", self._compile_forward, x)(x, masks)
        measured = {layer: _as_arrays(seen[layer][0]) for layer in self.statistics}
        return measured, {
            layer: seen[layer][1].numpy()[tile.halved(halvings(self.layers, layer)).inside]
            for layer in self.whole
        }

    def backward(self, x, masks, targets, slopes):
        """Pass 2.

        Args:
            x, masks: As for `forward`.
            targets: From a layer to a mask of the window's inner part, and the target of each of
                its terms in `compared`.
            slopes: From a layer to those of the total loss along its statistics, along its map or
                (), and along its differences to the targets.

        Returns:
            The gradient, of the shape of x; and from layers to the differences.
        """
        compiled = self._compiled("backward", self._compile_backward, x)
        return _as_arrays(compiled(x, masks, targets, slopes))

    def _compiled(self, name, compile_it, x):
        signatures = tuple(
            (layer, *(term.signature for term in terms))
            for by_layer in (self.statistics, self.compared)
            for layer, terms in by_layer.items()
        )
        key = name, self.layers, signatures, tuple(self.whole), x.shape, self.kind
        network(*self.kind)  # made outside the graph
        return CACHE.get("function", key, compile_it)

    def _compile_forward(self):
        return tf.function(partial(self._look, targets={}))

    def _compile_backward(self):
        @tf.function
        def backward(x, masks, targets, slopes):
            with tf.GradientTape() as tape:
                tape.watch(x)
                seen = self._look(x, masks, targets)
            gradient = tape.gradient(tf.nest.flatten(seen), x, tf.nest.flatten(slopes))
            return gradient, {layer: seen[layer][2] for layer in targets}

        return backward

    def _look(self, x, masks, targets):
        """From layers to their statistics, their map if it is wanted, and the differences."""
        layers = {*self.statistics, *self.whole, *targets}
        measures = {layer: partial(self._look_at, layer, masks, targets) for layer in layers}
        return network(*self.kind).walk(x[tf.newaxis], measures, self.layers)

    def _look_at(self, layer, masks, targets, x):
        terms, (precision, *_) = self.statistics.get(layer, ()), self.kind
        measured = [
            term.measure(x, mask) for term, mask in zip(terms, masks.get(layer, ()), strict=True)
        ]
        whole = tf.cast(x, precision) if layer in self.whole else ()
        inner, those = targets.get(layer, ((), ()))
        differences = [
            term.differences(term.measure(x), tf.cast(target, tf.float32))
            for term, target in zip(self.compared.get(layer, ()), those, strict=bool(those))
        ]
        return measured, whole, [tf.reduce_sum(inner * each) for each in differences]


@lru_cache(maxsize=8)
def _part(pickled):
    """The same part for each of its tiles, so that it is compiled once."""
    return Part(*pickle.loads(pickled))


def _without_region(term):
    """A statistic without its mask over the whole picture, which does not have to travel."""
    term = copy.copy(term)
    term.region = None
    return term


class Stage:
    """A `Part` with the tiles of the map before it.

    Args:
        part: A `Part`.
        size: Rows and cols of the map before it.
        most: Positions that a window of that map may have.
        places: From a layer to the places of its statistics among the terms.
        masks: For each term its mask over its layer's map, or ().
    """

    def __init__(self, part, size, most, places, masks):
        self.layers = part.layers
        self._part = part
        self._size = size
        self._places = places
        self._masks = masks
        self.tiles = tiles(size, part.layers, most)

    @giving_back()
    def forward(self, before, run):
        """Pass 1 for all tiles.

        Args:
            before: The map before the part, shape (rows, cols, channels).
            run: Function from functions without arguments to what they return, in their order.

        Returns:
            What each statistic sees of the whole, by place; and the wanted maps by layer.
        """
        calls = (
            partial(self._part.forward, before[tile.window], self._windows(tile), tile)
            for tile in self.tiles
        )
        sums, maps = {}, {}
        for tile, (measured, inner_parts) in zip(self.tiles, run(calls), strict=True):
            for layer, place, found in _flat(self._places, measured):
                _, share = self._window(layer, place, tile)
                found = tf.nest.map_structure(lambda x, s=share: s * x.astype("float64"), found)
                sums[place] = _sum(sums.get(place), found)
            for layer, inner in inner_parts.items():
                there, size = self._at(layer, tile)
                whole = maps.setdefault(layer, np.empty((*size, inner.shape[-1]), inner.dtype))
                whole[there.inner] = inner
        return {place: _in_float32(found) for place, found in sums.items()}, maps

    @giving_back()
    def backward(self, before, run, of_sums, of_maps, targets):
        """Pass 2 for all tiles.

        Args:
            before, run: As for `forward`.
            of_sums, of_maps: Slopes of the total loss along what `forward` returned.
            targets: From a layer to pairs, of a target that its map is compared with in place and
                the weight of their difference.

        Returns:
            The gradient, of the shape and type of `before`; and from layers to the difference to
            each target.
        """
        calls = (
            partial(
                self._part.backward, before[tile.window], self._windows(tile),
                self._targets(tile, targets), self._slopes(tile, of_sums, of_maps, targets),
            )
            for tile in self.tiles
        )  # fmt: skip
        gradient = np.zeros(before.shape, before.dtype)
        differences = {layer: np.zeros(len(pairs)) for layer, pairs in targets.items()}
        for tile, (share, found) in zip(self.tiles, run(calls), strict=True):
            gradient[tile.window] += share
            for layer, each in found.items():
                differences[layer] += each
        return gradient, differences

    def _at(self, layer, tile):
        """The tile, and the size of the whole, in the map that leaves that layer."""
        times = halvings(self._part.layers, layer)
        return tile.halved(times), tuple(side >> times for side in self._size)

    def _windows(self, tile):
        """From a layer to its statistics' masks in that window."""
        return {
            layer: [self._window(layer, place, tile)[0] for place in places]
            for layer, places in self._places.items()
        }

    def _window(self, layer, place, tile):
        """A statistic's mask in a window, and how much of the whole mask lies there."""
        there, (rows, cols) = self._at(layer, tile)
        mask, window = self._masks[place], _inner(there)
        total = rows * cols if isinstance(mask, tuple) else mask.sum(dtype="float64")
        window = window if isinstance(mask, tuple) else window * mask[there.window]
        share = window.sum(dtype="float64") / total if total else 0.0
        # A mean over nothing may be no number, and nothing times that is none either.
        return window if share else np.ones_like(window), np.float32(share)

    def _targets(self, tile, targets):
        there = {layer: self._at(layer, tile)[0] for layer in targets}
        return {
            layer: (_inner(there[layer]), [target[there[layer].window] for target, _ in pairs])
            for layer, pairs in targets.items()
        }

    def _slopes(self, tile, of_sums, of_maps, targets):
        """The slopes as far as they concern a tile; see `Part.backward`."""
        slopes = {}
        for layer in {*self._places, *self._part.whole, *targets}:
            shares = [
                (of_sums[place], self._window(layer, place, tile)[1])
                for place in self._places.get(layer, ())
            ]
            slopes[layer] = (
                [tf.nest.map_structure(lambda x, s=share: s * x, of) for of, share in shares],
                self._slope_of_map(layer, tile, of_maps),
                [np.float32(weight) for _, weight in targets.get(layer, ())],
            )
        return slopes

    def _slope_of_map(self, layer, tile, of_maps):
        """That along a map that was put together: zero outside of the tile's inner part."""
        if layer not in self._part.whole:
            return ()
        there, _ = self._at(layer, tile)
        whole = of_maps[layer]
        window = np.zeros(
            (*there.size, whole.shape[-1]), tf.as_dtype(self._part.kind[0]).as_numpy_dtype
        )
        window[there.inside] = whole[there.inner]
        return window


def _flat(places, measured):
    for layer in places:
        for place, found in zip(places[layer], measured[layer], strict=True):
            yield layer, place, found


def _inner(tile):
    """A mask of the inner part of a window."""
    mask = np.zeros(tile.size, "float32")
    mask[tile.inside] = 1
    return mask


def _sum(total, found):
    return found if total is None else tf.nest.map_structure(np.add, total, found)


def _in_float32(structure):
    return tf.nest.map_structure(lambda x: x.astype("float32"), structure)


def _as_arrays(structure):
    return tf.nest.map_structure(lambda x: x.numpy(), structure)
