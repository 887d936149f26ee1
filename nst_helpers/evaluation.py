"""A picture's losses and their gradient, compiled; and the targets, measured once."""

import hashlib
from functools import partial
from typing import NamedTuple

import numpy as np

from nst_helpers.errors import ConfigError
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.network import map_size, network
from nst_helpers.objective import loss_names


class Goal(NamedTuple):
    """What one term is compared with, as tensors: a new value needs no new compiling.

    Attributes:
        weight: Scalar tensor.
        target: What the term measured of its target image; () where there is none.
        mask: The term's region at its layer's size, shape (rows', cols'); () where there is none.
    """

    weight: tf.Tensor
    target: object = ()
    mask: object = ()


def compute_losses(
    terms, picture, goals, precision="float32", pooling="max", convolution="auto", padding="zeros"
):
    """The weighted losses of a picture by name, and their total.

    Args:
        terms: List of `Term`s.
        picture: The combination image, shape (1, rows, cols, 3), preprocessed.
        goals: A `Goal` for each term, from `measure_goals`.
        precision, pooling, convolution, padding: How VGG19 computes, as in `TransferConfig`.

    Returns:
        Dictionary from "total", "content", "style", "total_variation" and the names of further
        terms to scalar tensors. The others add up to the total.
    """
    return _losses(terms, picture, goals, network(precision, pooling, convolution, padding))


def _losses(terms, picture, goals, vgg19):
    masks = [goal.mask for goal in goals]
    return weigh(terms, goals, measure(terms, picture, masks, vgg19))


def weigh(terms, goals, seen):
    """The weighted losses by name, and their total.

    Args:
        terms: List of `Term`s.
        goals: A `Goal` for each term.
        seen: What each term measured; None where its distance is not known yet, and left out.

    Returns:
        As `compute_losses`.
    """
    losses = {name: tf.zeros(()) for name in loss_names(terms)[1:]}
    for term, goal, measured in zip(terms, goals, seen, strict=True):
        if measured is None:
            continue
        target = None if term.target is None else goal.target
        losses[term.name] += goal.weight * term.distance(measured, target)
    return {"total": tf.add_n(list(losses.values())), **losses}


def measure(terms, picture, masks, vgg19, layers=LAYERS):
    """What each term measures of a picture, in one walk through VGG19.

    Args:
        terms: List of `Term`s.
        picture: Shape (1, rows, cols, 3), preprocessed.
        masks: For each term its mask, shape (rows', cols'), or ().
        vgg19: A `Network`.
        layers: Those to pass, as in `Network.walk`.

    Returns:
        List of what each term's `measure` returned.
    """
    by_layer = {}
    for place, term in enumerate(terms):
        by_layer.setdefault(term.layer, []).append(place)

    def measure_at(places, x):
        return [
            terms[p].measure(x) if isinstance(masks[p], tuple) else terms[p].measure(x, masks[p])
            for p in places
        ]

    measures = {layer: partial(measure_at, places) for layer, places in by_layer.items()}
    walked = vgg19.walk(picture, measures, layers)
    found = [None] * len(terms)
    for layer, places in by_layer.items():
        for place, measured in zip(places, walked[layer], strict=True):
            found[place] = measured
    return found


def measure_goals(
    terms,
    content,
    styles,
    mix=None,
    precision="float32",
    pooling="max",
    convolution="auto",
    padding="zeros",
    measure_target=None,
):
    """Measures what the terms are compared with: each image passes through VGG19 once.

    Args:
        terms: List of `Term`s.
        content: Content image, shape (1, rows, cols, 3), preprocessed.
        styles: List of style images, each of shape (1, rows', cols', 3), preprocessed.
        mix: A weight for each style image; None weights them equally.
        precision, pooling, convolution, padding: How VGG19 computes, as in `TransferConfig`.
        measure_target: Function of some terms, an image and the last four in a tuple, to what each
            term measures of it; None sends the whole image through and remembers the result.

    Returns:
        List of `Goal`s, one for each term.
    """
    measure_target = measure_target or _measure_target
    mix = mix or [1.0] * len(styles)
    kind, targets = (precision, pooling, convolution, padding), [()] * len(terms)
    for target in ("content", "style"):
        places = [place for place, term in enumerate(terms) if term.target == target]
        own = [terms[place] for place in places]
        images = [content] if target == "content" else styles
        measured = [measure_target(own, image, kind) for image in images] if own else []
        for number, place in enumerate(places):
            weights = [1.0] if target == "content" else getattr(terms[place], "mix", None) or mix
            targets[place] = _mixed([each[number] for each in measured], weights)
    size = content.shape[1:3]
    return [
        Goal(tf.constant(term.weight * share, tf.float32), target, mask)
        for term, target in zip(terms, targets, strict=True)
        for mask, share in [_mask_and_share(term, size)]
    ]


def _mixed(measured, weights):
    """The weighted mean of the same measurement of several images."""
    shares = np.divide(weights, sum(weights))
    kept = [(m, float(share)) for m, share in zip(measured, shares, strict=True) if share]
    if len(kept) == 1:
        return kept[0][0]
    return tf.nest.map_structure(
        lambda *each: tf.add_n([share * x for x, (_, share) in zip(each, kept, strict=True)]),
        *(m for m, _ in kept),
    )


def _mask_and_share(term, size):
    """A term's region at its layer's size, and the share of the picture that it covers.

    The share goes into the weight: a small region's style pulls as hard at each of its positions as
    the whole picture's does.
    """
    if getattr(term, "region", None) is None:
        return (), 1.0
    region = np.asarray(term.region, "float32")[np.newaxis, :, :, np.newaxis]
    mask = tf.image.resize(region, map_size(term.layer, size), "area")[0, :, :, 0]
    return mask, float(tf.reduce_mean(mask))


def _measure_target(terms, image, kind):
    """What the terms measure of a target image; remembered, since the next run often has it too."""
    vgg19 = network(*kind)
    image = np.ascontiguousarray(image)
    signatures = tuple(term.signature for term in terms)
    digest = hashlib.sha256(image).digest()

    def compile_measure():
        # Compiled, so that each feature map is let go as soon as the next one is there.
        no_masks = [()] * len(terms)
        return tf.function(lambda x: measure(terms, x, no_masks, vgg19))

    key = signatures, image.shape, vgg19

    def compute():
        return CACHE.get("function", key, compile_measure)(tf.constant(image))

    return CACHE.get("target", (*key, digest), compute, _nbytes)


def _nbytes(structure):
    return sum(x.shape.num_elements() * x.dtype.size for x in tf.nest.flatten(structure))


def check_terms(terms, content, styles, vgg19):
    """Tries terms of one's own before a run, each by itself.

    Args:
        terms: List of `Term`s.
        content: Content image, shape (1, rows, cols, 3), preprocessed.
        styles: List of style images, likewise.
        vgg19: A `Network`.

    Raises:
        ConfigError: If a term measures shapes that can't be compared, or gives a distance that is
            no finite number or has no gradient, or was never given a layer.
    """
    for term in terms:
        if not hasattr(term, "name"):
            raise ConfigError(
                f"{type(term).__name__} has no layer, weight and name yet: call "
                "super().__init__(layer, weight) in its __init__ or __post_init__."
            )
        seen, loss, gradient = _try(term, content, styles, vgg19)
        if loss is None:
            there, here = (_shapes(found) for found in seen)
            problem = f"measures {here} of the picture and {there} of its target: make them alike"
        elif loss.shape != ():
            problem = f"gives a distance of shape {tuple(loss.shape)}: make it one number"
        elif not np.isfinite(loss):
            problem = f"is {float(loss)} for the picture to start from: keep it finite"
        elif gradient is None and term.weight:
            problem = (
                "has no gradient, so nothing tells how to change the picture: "
                "leave out rounding, comparisons, argmax and NumPy"
            )
        elif gradient is not None and not np.isfinite(gradient).all():
            problem = (
                "has a gradient that is not finite for the picture to start from, "
                "as a square root has at zero: add a small number under the root"
            )
        else:
            continue
        raise ConfigError(f"the term {term.name} {problem}.")


def _try(term, content, styles, vgg19):
    """What a term measures of its targets and the content, its loss there, and the gradient."""
    images = {"content": [content], "style": styles, None: []}[term.target]
    targets = [vgg19.walk(tf.constant(image), {term.layer: term.measure}) for image in images]
    (features,) = vgg19.walk(tf.constant(content), {term.layer: tf.identity}).values()
    with tf.GradientTape() as tape:
        tape.watch(features)
        seen = term.measure(features)
        found = [*(target[term.layer] for target in targets), seen]
        if len(set(map(_shapes, found))) > 1:
            return (found[0], seen), None, None
        target = None if term.target is None else found[0]
        loss = tf.convert_to_tensor(term.distance(seen, target))
    return (found[0], seen), loss, tape.gradient(loss, features)


def _shapes(structure):
    shapes = [str(tuple(np.shape(x))) for x in tf.nest.flatten(structure)]
    return " and ".join(shapes)


def evaluation(
    terms, goals, shape, precision="float32", pooling="max", convolution="auto", padding="zeros"
):
    """Compiled function from a picture to its losses and the gradient of their total.

    Args:
        terms: List of `Term`s.
        goals: A `Goal` for each.
        shape: Shape of the pictures, (1, rows, cols, 3).
        precision, pooling, convolution, padding: How VGG19 computes, as in `TransferConfig`.

    Returns:
        Function from a picture to its losses by name, as `compute_losses` gives them, and the
        gradient. The same kinds of terms, shape and network are compiled once.
    """
    signatures = tuple(term.signature for term in terms)
    vgg19 = network(precision, pooling, convolution, padding)
    key = "evaluate", signatures, tuple(shape), vgg19

    def compile_evaluation():
        @tf.function
        def evaluate(picture, goals):
            with tf.GradientTape() as tape:
                tape.watch(picture)
                losses = _losses(terms, picture, goals, vgg19)
            return losses, tape.gradient(losses["total"], picture)

        return evaluate

    return partial(CACHE.get("function", key, compile_evaluation), goals=goals)
