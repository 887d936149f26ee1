"""Builds what a run needs at one size: pictures, targets, and the function to evaluate them."""

import time
from functools import partial

import numpy as np

from nst_helpers.colours import match_colours
from nst_helpers.evaluation import check_terms, evaluation, measure_goals
from nst_helpers.loop import check_start
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.cluster import check_workers, cuts_for_cluster, on_cluster
from nst_helpers.machine.convolution import choose
from nst_helpers.machine.memory import check_memory, give_back
from nst_helpers.machine.notices import LOG
from nst_helpers.network import network
from nst_helpers.objective import LOSSES, CosineContent, build_terms, loss_names
from nst_helpers.saliency import SalientContent, saliency_map
from nst_helpers.tiles import run_here, tiled_evaluation, tiled_measure

STYLED_DETAIL = 0.5  # how much fine detail of the content image a style gets; see `enlarge`
TRIAL_SIDE = 512  # pixels, about, of the reduced pictures that terms of one's own are tried on


def prepare(run, size, previous=None, client=None):
    """Builds what one size needs; from here on the config travels no further.

    Args:
        run: A `Run`.
        size: Rows and cols to paint at.
        previous: Painted picture to continue from, of any size; None at the first size.
        client: A Dask client whose workers compute, or None.

    Returns:
        The picture to start from, a tensor; the function from a picture to its losses and gradient;
        and the names of the losses.
    """
    config = run.config
    give_back()  # what the size before this one took
    cuts, send = _tiling(run, size, client)
    content, styles = run.measured_images(size)
    terms = build_terms(config, size, run.regions, run.extra, result_size=run.size)
    # Settled here, so that a cluster's workers don't choose each for itself.
    kind = {"pooling": config.pooling, "padding": config.padding}
    kind.update(choose(config.precision, config.convolution))
    check_terms(run.extra, *_reduced(cuts, content, styles), network(**kind))
    tiles = {"cuts": cuts, "run": send}
    goals = measure_goals(
        terms, content, styles, run.mix, **kind,
        measure_target=partial(tiled_measure, **tiles) if cuts else None,
    )  # fmt: skip
    terms, goals = _emphasised(run, terms, goals, kind)
    if cuts:
        evaluate = tiled_evaluation(terms, goals, content.shape, **kind, **tiles)
        evaluate = _tell_pace(evaluate, size)
    else:
        evaluate = evaluation(terms, goals, content.shape, **kind)
    evaluate = check_start(evaluate, _settings(run))
    x = _first_picture(run, content, styles, previous)
    return tf.constant(x), evaluate, loss_names(terms)


def check_machines(run, client):
    """Refuses a run before it starts, if this machine or the client's workers can't compute it.

    Raises:
        ClusterError: If the client's workers can't compute.
        ConfigError: If there is not enough memory.
    """
    if client is not None:
        check_workers(client)
    _tiling(run, run.size, client)


def _tiling(run, size, client):
    """How a run's picture passes VGG19.

    Args:
        run: A `Run`.
        size: Rows and cols to paint at.
        client: A Dask client whose workers compute, or None.

    Returns:
        The cuts, none where the picture passes whole; and what calls the tiles' functions.

    Raises:
        ConfigError: If there is not enough memory even for tiles.
    """
    if client is not None:
        return cuts_for_cluster(client, size), on_cluster(client)
    largest_scale = max(style.scale for style in run.styles)
    return check_memory(size, run.config, CACHE, largest_scale), run_here


def _emphasised(run, terms, goals, kind):
    """The terms and goals, where content counts more at what VGG19 recognises."""
    saliency = partial(saliency_map, run.content, kind["precision"], kind["convolution"])
    pairs = []
    for term, goal in zip(terms, goals, strict=True):
        if type(term) is CosineContent:  # a subclass may measure anything
            term = SalientContent(term.layer, term.weight)
            goal = goal._replace(target=term.emphasise(goal.target, saliency()))
        pairs.append((term, goal))
    return zip(*pairs, strict=True)


def _reduced(cuts, content, styles):
    """The images, without most of their pixels where one is too large to pass whole."""
    if not cuts:
        return content, styles
    content, *styles = (
        image[:, ::step, ::step]
        for image in (content, *styles)
        for step in [max(1, min(image.shape[1:3]) // TRIAL_SIDE)]
    )
    return content, styles


def _tell_pace(evaluate, size):
    """The same function, which says how long it takes when it is called for the first time."""
    told = False

    def evaluate_and_tell(x):
        nonlocal told
        start = time.perf_counter()
        found = evaluate(x)
        if not told:
            told, seconds = True, time.perf_counter() - start
            rows, cols = size
            LOG.info(f"{cols} × {rows} pixels, tile by tile: {seconds:.1f} s an evaluation here.")
        return found

    return evaluate_and_tell


def _settings(run):
    """Where the size of each loss comes from, in words."""
    config = run.config
    usual = {name: f"{name}_weight={getattr(config, f'{name}_weight'):g}" for name in LOSSES}
    return {**usual, **{term.name: f"the weight of {term.name}" for term in run.extra}}


def _first_picture(run, content, styles, previous):
    """The picture that a size begins with; arguments as in `prepare`, images of that size."""
    size = content.shape[1:3]
    if previous is None:
        initial = run.initial_image(size)
        return _start(run, content, styles) if initial is None else initial
    if previous.shape[1:3] == size:  # it continues in the middle of a size
        return previous
    before = _start(run, *run.measured_images(previous.shape[1:3]))
    detail = 1 - (1 - STYLED_DETAIL) * _styled(run, size)
    return enlarge(previous, before, _start(run, content, styles), detail)


def _start(run, content, styles):
    """The content image, in the colours of each style in its region if the config says so."""
    size = content.shape[1:3]
    if not (run.config.match_colours and np.any(_styled(run, size))):
        return content
    colours, covered = np.zeros_like(content), np.zeros((*size, 1), "float32")
    for mask, (_, mix, _) in zip(_masks(run, size), run.regions, strict=True):
        shares = np.divide(mix, sum(mix))
        matched = sum(
            share * match_colours(content, style)
            for share, style in zip(shares, styles, strict=True) if share
        )  # fmt: skip
        colours, covered = colours + mask * matched, covered + mask
    more = np.maximum(covered, 1)  # masks may overlap
    return (colours / more + (1 - np.minimum(covered, 1)) * content).astype("float32")


def _styled(run, size):
    """How much of each position is painted, 0 to 1: of shape (rows, cols, 1), or a number."""
    if not (run.config.style_weight and run.config.strength):
        return 0.0
    return np.minimum(sum(_masks(run, size)), 1.0)


def _masks(run, size):
    """For each region its mask at that size, shape (rows, cols, 1), or 1 for everywhere."""
    return [
        1.0 if mask is None else tf.image.resize(mask[:, :, np.newaxis], size, "area").numpy()
        for mask, *_ in run.regions
    ]


def enlarge(painted, before, after, detail=1.0):
    """A painted picture at another size, with fine detail of the content image.

    An enlarged picture has none, and a few iterations fill it with whatever VGG19 takes for detail:
    lines 4 pixels apart. With all of the detail, the result looks like a tinted photograph.

    Args:
        painted: Shape (1, rows, cols, 3).
        before: The content image, or what a run makes of it to start from, at the same size.
        after: The same at the size to enlarge to.
        detail: How much of the detail is added, 0 to 1: a number, or of shape (rows, cols, 1).

    Returns:
        A picture of the shape of `after`.
    """
    size = after.shape[1:3]
    finer = after - resize(before, size)
    return after + resize(painted - before, size) - np.float32(1 - detail) * finer


def resize(picture, size):
    """A picture of shape (1, rows, cols, 3) at another size, as it is where it has that size."""
    if picture.shape[1:3] == size:
        return picture
    return tf.image.resize(picture, size, "lanczos3", antialias=True)
