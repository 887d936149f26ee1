"""A run as a value: pictures, config and terms of your own. It can be kept, compared and sent."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from nst_helpers.colours import match_colours, match_luminance, restore_colours, to_gray
from nst_helpers.config import MIN_ROWS, TransferConfig
from nst_helpers.errors import ConfigError
from nst_helpers.images import deprocess_image, load_image, load_region, preprocess_image
from nst_helpers.machine.checks import number, shown
from nst_helpers.machine.wording import warn, without_addresses
from nst_helpers.terms import Term
from nst_helpers.version import __version__

LONGEST_ASPECT_RATIO = 6  # beyond it, rows alone says little about the size of a picture
NOT_THE_RUN = "iterations", "report_every", "memory_gb"  # a run may go on with others


@dataclass(frozen=True, eq=False)
class Style:
    """A style image, and how to use it.

    Args:
        picture: Anything that `load_image` takes.
        weight: How much of it goes into the mix of the styles that share a region; where each has a
            region of its own, how strongly it is painted there. More than 0.
        scale: Size of its strokes, 0.1 to 10; 1 gives it as many pixels as the picture has. It
            multiplies the config's `style_scale`.
        region: Where over the content image it is painted: a mask of any size as an array, a
            picture file or a PIL image, from 0 or black (not at all) to 1 or white. None means
            everywhere.

    Raises:
        ImageError: If the picture or the region can't be read.
        ConfigError: If weight or scale is out of its range.
    """

    picture: np.ndarray = field(repr=False)
    weight: float = 1.0
    scale: float = 1.0
    region: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self):
        self._put("picture", load_image(self.picture))
        self._put("weight", number("weight", self.weight, least=1e-6))
        self._put("scale", number("scale", self.scale, least=0.1, most=10))
        if self.region is not None:
            region = load_region(self.region)
            if not region.any():
                warn("A region is black everywhere, so its style is painted nowhere.", stacklevel=4)
            self._put("region", None if region.min() == 1 else region)

    def _put(self, name, value):
        object.__setattr__(self, name, value)


def load_styles(style):
    """What `transfer` takes as its style, as `Style`s.

    Args:
        style: A picture, a `Style`, or a list of pictures, `Style`s or pairs of a picture and its
            weight.

    Returns:
        Tuple of one `Style` or more.
    """
    if not isinstance(style, (list, tuple)):
        style = [style]
    if not style:
        raise ConfigError("style is an empty list: give one picture or more.")
    return tuple(map(_load_style, style))


def _load_style(style):
    if isinstance(style, Style):
        return style
    if isinstance(style, (list, tuple)):
        if len(style) != 2:
            raise ConfigError("a style in a list is a picture, or a (picture, weight) pair.")
        return Style(*style)
    return Style(style)


@dataclass(frozen=True, eq=False)
class Run:
    """All that goes into a run, and nothing that comes out of it. It pickles.

    Attributes:
        content: uint8, shape (rows, cols, 3), RGB.
        styles: Tuple of `Style`s.
        config: A `TransferConfig`.
        initial: Picture to start from, uint8, shape (rows, cols, 3), RGB; None starts from the
            content image.
        extra: Tuple of `Term`s of your own.
    """

    content: np.ndarray = field(repr=False)
    styles: tuple
    config: TransferConfig
    initial: np.ndarray | None = field(default=None, repr=False)
    extra: tuple = ()

    @classmethod
    def load(cls, content, style, config=None, initial=None, extra=()):
        """From the arguments of `transfer`."""
        config = _load_config(config)
        initial = None if initial is None else load_image(initial)
        extra = [extra] if isinstance(extra, Term) else extra or ()
        for term in extra:
            if not isinstance(term, Term):
                raise ConfigError(f"extra takes terms, made from nst.Term, not {term!r:.60}.")
        return cls(load_image(content), load_styles(style), config, initial, tuple(extra))

    @property
    def size(self):
        """Rows and cols of the combination image."""
        return picture_size(self.content, self.config.rows)

    @property
    def mix(self):
        """The weight of each style."""
        return [style.weight for style in self.styles]

    @property
    def regions(self):
        """For each region its mask or None, the mix of its styles, and how strongly it counts.

        The mean strength is 1, whatever the weights are.
        """
        masks = []
        for style in self.styles:
            if not any(_same(style.region, mask) for mask in masks):
                masks.append(style.region)
        mixes = [
            tuple(style.weight if _same(style.region, mask) else 0.0 for style in self.styles)
            for mask in masks
        ]
        mean = sum(map(sum, mixes)) / len(mixes)
        return [(mask, mix, sum(mix) / mean) for mask, mix in zip(masks, mixes, strict=True)]

    def measured_images(self, size):
        """The content image and the list of style images as they are measured, preprocessed.

        With kept colours, that is styles in the photograph's colours, or all in gray.

        Args:
            size: Rows and cols of the combination image.
        """
        content = self._resized(size)
        styles = [self._resized(size, style) for style in self.styles]
        if self.config.keep_colours == "luminance":
            styles = [_gray(match_luminance, style, content) for style in styles]
            content = _gray(to_gray, content)
        elif self.config.keep_colours:
            styles = [
                match_colours(image, _covered(content, style.region))
                for image, style in zip(styles, self.styles, strict=True)
            ]
        return content, styles

    def initial_image(self, size):
        """The picture to start from, preprocessed, or None for the content image."""
        if self.initial is None:
            return None
        initial = preprocess_image(self.initial, *size, self.config.interpolation)
        return _gray(to_gray, initial) if self.config.keep_colours == "luminance" else initial

    def finisher(self):
        """Function from a painted picture, as VGG19 takes it, to the image to show, uint8 RGB.

        Where only brightness was painted, it puts the photograph's colours back.
        """
        if self.config.keep_colours != "luminance":
            return deprocess_image
        content = lru_cache(maxsize=1)(lambda size: deprocess_image(self._resized(size)))

        def finish(picture):
            return restore_colours(deprocess_image(picture), content(picture.shape[1:3]))

        return finish

    def _resized(self, size, style=None):
        """The content image, or a style image, preprocessed for VGG19."""
        if style is None:
            return preprocess_image(self.content, *size, self.config.interpolation)
        size = style_size(style.picture, style.scale, size, self.config)
        return preprocess_image(style.picture, *size, self.config.interpolation)

    def fingerprint(self):
        """What a checkpoint knows the run by: settings and pictures by name, as JSON has them."""
        config = dataclasses.asdict(self.config)
        settings = {name: value for name, value in config.items() if name not in NOT_THE_RUN}
        settings["number of styles"] = len(self.styles)
        pictures = {"content image": self.content, "initial image": self.initial}
        for place, style in enumerate(self.styles, start=1):
            which = "" if len(self.styles) == 1 else f"{place}. "
            pictures[f"{which}style image"] = style.picture
            pictures[f"{which}region image"] = style.region
            settings[f"{which}style's weight and scale"] = [style.weight, style.scale]
        return {
            "version of nst_helpers": __version__,
            **json.loads(json.dumps(settings)),  # tuples become lists
            **{name: _digest(picture) for name, picture in pictures.items()},
            "extra terms": [without_addresses(repr(term)) for term in self.extra],
        }


def _load_config(config):
    if config is None or isinstance(config, str):
        return TransferConfig.recipe(config or "fast")
    if isinstance(config, TransferConfig):
        return config
    raise ConfigError(
        "config must be a TransferConfig, such as nst.TransferConfig.fast(rows=300), or the name "
        f"of a recipe, not {shown(config)}."
    )


def _same(region, other):
    return region is other or (
        region is not None and other is not None and np.array_equal(region, other)
    )


def _covered(content, region):
    """The pixels of the content image that a region covers, of any shape (..., 3)."""
    if region is None:
        return content
    rows, cols = content.shape[1:3]
    row, col = (np.arange(n) * m // n for n, m in zip((rows, cols), region.shape, strict=True))
    covered = content[0][region[row][:, col] > 0.5]
    return covered if len(covered) else content  # a spot may fall between the pixels


def _gray(function, *images):
    """A function of images in gray, applied to preprocessed ones."""
    gray = function(*map(deprocess_image, images))
    return preprocess_image(gray, *gray.shape[:2])


def _digest(image):
    if image is None:
        return None
    return f"{image.shape} {hashlib.sha256(np.ascontiguousarray(image)).hexdigest()}"


def picture_size(content, rows):
    """Size of the combination image: `rows`, and the columns that keep the aspect ratio.

    A picture as long as a ribbon gets the rows that give it about as many pixels as others have.

    Args:
        content: Array of shape (rows, cols, 3).
        rows: Rows asked for.

    Returns:
        Rows and cols, each at least as many as VGG19 needs.
    """
    height, width = content.shape[:2]
    asked = rows, int(width * rows / height)
    if max(width / height, height / width) <= LONGEST_ASPECT_RATIO:
        fitting = asked
    else:
        rows = round(math.sqrt(LONGEST_ASPECT_RATIO) * rows * math.sqrt(height / width))
        fitting = rows, round(width * rows / height)
    fitting = tuple(max(side, MIN_ROWS) for side in fitting)
    if fitting != asked:
        warn(
            f"A content picture of {width} × {height} is painted at {fitting[1]} × {fitting[0]} "
            f"instead of {asked[1]} × {asked[0]}: it is too long and narrow.",
            stacklevel=3,
        )
    return fitting


def style_size(style, scale, size, config):
    """Size of a style image: the picture's, or as many pixels in its own shape; times the scale.

    Args:
        style: Array of shape (rows, cols, 3).
        scale: Of its strokes.
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.

    Returns:
        Rows and cols.
    """
    (rows, cols), (height, width) = size, style.shape[:2]
    zoom = config.style_scale * scale
    if config.keep_style_aspect:
        zoom *= math.sqrt(rows * cols / (height * width))
    else:
        height, width = rows, cols
    return tuple(max(round(side * zoom), MIN_ROWS) for side in (height, width))
