"""Every setting of a run, in one place."""

import dataclasses
import math
from dataclasses import dataclass
from functools import partial

from nst_helpers.errors import ConfigError
from nst_helpers.machine import checks
from nst_helpers.machine.vgg19 import LAYERS

RECIPES = ("tutorial", "fast", "multiscale", "poster")
CHOICES = {
    "losses": ("document", "relative"),
    "pooling": ("max", "average"),
    "padding": ("zeros", "mirror"),
    "optimizer": ("sgd", "adam", "lbfgs"),
    "precision": ("float32", "bfloat16", "auto"),
    "convolution": ("direct", "turned", "winograd", "turned+winograd", "auto"),
    "interpolation": ("nearest", "lanczos"),
}
KEEP_COLOURS = ("recolour", "luminance")
MIN_ROWS = 16  # VGG19 halves the picture four times before block5
POSTER_START = 500  # rows, about, at which a poster has its composition; then come finer strokes
POSTER_MEMORY = 3.0  # GB: a laptop has that much beside a browser
FEWEST_OF_A_SIZE = 8  # iterations of a poster's largest sizes: what they add are fine strokes


@checks.suggest_nearest
@dataclass(frozen=True, kw_only=True)
class TransferConfig:
    """All settings of a run; the defaults are the Keras example's.

    Args:
        rows: Height of the combination image in pixels, 16 or more.
        iterations: Updates of the picture, over all scales together; at least one for each scale.
        scales: Sizes to paint at, one after the other, as fractions of `rows` from 0.0001 to 1;
            the last is 1.
        shares: How the scales share the iterations: a number above 0 for each, such as (3, 2, 1).
            None shares them equally.
        content_weight, style_weight, total_variation_weight: Weights of the losses, 0 or more.
        losses: "document" sums over all positions and features, as the Keras example does.
            "relative" divides each distance by the size of what it is measured against, so that a
            weight means the same at every layer and scale. Only content counts less in a large
            result: it has all of its weight up to 60,000 pixels, then less and less, and a quarter
            from 120,000 on. "relative" also looks at more: at the style's means and covariances, at
            which features the content has, mostly where VGG19 recognises something, and at how much
            neighbouring pixels differ in the style. See `nst_helpers.objective`.
        strength: How strongly the style is painted, from 0 (not at all) to 10; 1 is the recipe's
            own. The weights of what is compared with the style are multiplied by its square.
        content_layer_name: VGG19 layer whose feature map is the content.
        style_layer_names: VGG19 layers whose Gram matrices are the style; each counts the same.
        pooling: How VGG19 halves its feature maps: "max", as it was trained, or "average", which
            Gatys et al. (https://arxiv.org/abs/1508.06576) found a little more appealing.
        padding: What VGG19 sees beyond the border of its feature maps: "zeros", as it was trained,
            or, from block3 on, "mirror": each map goes on as in a mirror, so that the painting's
            border looks like the rest.
        style_scale: Size of the style's strokes, 0.1 to 10. 1 gives the style image as many pixels
            as the combination image; 2 makes it twice as high and wide, and its strokes larger.
        keep_style_aspect: Whether the style image keeps its own aspect ratio. The Keras example
            squeezes it into the content image's.
        keep_colours: Whether the result keeps the content image's colours. "recolour", or True,
            gives them to the style image before it is measured. "luminance" paints brightness only
            and puts the content image's colours back. False leaves the colours to the style.
        match_colours: Whether to start from the content image in the style image's colours, if the
            style has a weight. It only chooses where the run starts; `keep_colours` is another
            thing. The Keras example starts from the content image as it is.
        optimizer: "sgd" (gradient descent), "adam" or "lbfgs".
        initial_learning_rate, decay_steps, decay_rate: Gradient descent's rate is
            initial_learning_rate · decay_rate^(updates / decay_steps) at the Keras example's
            400 × 599 pixels, and in proportion to the pixels at any other size. Rates are 0 or
            more, decay_steps 1 or more.
        adam_learning_rate: About how far one step of Adam moves a value of the picture at most, in
            gray levels of 255; 0 or more.
        beta_1, beta_2: Adam's memory of the gradient and of its square: the part of each average
            that stays at a step, 0 or more and below 1.
        epsilon: Keeps Adam from dividing by zero: what it adds to the divisor, 1e-30 or more.
        history: Pairs of steps and gradients that L-BFGS remembers, 1 or more.
        precision: Type that the convolutions compute in: "float32", "bfloat16", or "auto", which is
            bfloat16 where this machine is faster at it. Losses are always float32.
        convolution: The operations of a convolution: "direct"; in float32 also "turned", the
            gradient of one with a turned kernel; "winograd", with fewer multiplications in wide
            layers; or "turned+winograd". "auto" is what this machine is fastest at. All of them
            give the same but for rounding. A result's config has what was chosen.
        interpolation: How pictures are resized, "nearest" or "lanczos".
        memory_gb: Memory that Python may take, in units of 10⁹ bytes, 0.5 or more: what does not
            fit is computed in tiles, and more is taken only where even tiles need more. None means
            what is free.
        report_every: Iterations between two reports, 1 or more. None reports as often as possible
            without slowing the run: every iteration without a GPU, every 20th with one.

    NumPy's numbers may stand for Python's, and lists for tuples.

    Raises:
        ConfigError: If a value is out of its range, or there is no setting of that name.
    """

    # How large the picture is, and how long it is painted.
    rows: int = 400  # pixels
    iterations: int = 4000
    scales: tuple = (1.0,)
    shares: tuple | None = None  # or a number for each scale

    # What a good picture is: the losses, and how much each counts.
    content_weight: float = 2.5e-8
    style_weight: float = 1e-6
    total_variation_weight: float = 1e-6
    losses: str = "document"  # or "relative"
    strength: float = 1.0

    # Where in VGG19 content and style are measured.
    content_layer_name: str = "block5_conv2"
    style_layer_names: tuple = (
        "block1_conv1",
        "block2_conv1",
        "block3_conv1",
        "block4_conv1",
        "block5_conv1",
    )
    pooling: str = "max"  # or "average"
    padding: str = "zeros"  # or "mirror"

    # What is taken from the style image: strokes of which size, in whose colours.
    style_scale: float = 1.0
    keep_style_aspect: bool = False
    keep_colours: bool | str = False  # or True, "recolour", "luminance"

    # Where the picture starts, and what changes it.
    match_colours: bool = False
    optimizer: str = "sgd"  # or "adam", "lbfgs"

    # Gradient descent.
    initial_learning_rate: float = 100.0
    decay_steps: int = 100
    decay_rate: float = 0.96

    # Adam.
    adam_learning_rate: float = 5.0  # gray levels of 255
    beta_1: float = 0.9
    beta_2: float = 0.99
    epsilon: float = 1e-8

    # L-BFGS.
    history: int = 20

    # How it is computed, and how often the run reports.
    precision: str = "float32"  # or "bfloat16", "auto"
    convolution: str = "auto"  # or "direct", "turned", "winograd", "turned+winograd"
    interpolation: str = "nearest"  # or "lanczos"
    memory_gb: float | None = None
    report_every: int | None = None

    @classmethod
    def tutorial(cls, /, **changes):
        """The Keras example's recipe, number by number; `changes` are settings to use instead."""
        return cls(**changes)

    @classmethod
    def fast(cls, /, **changes):
        """The Keras example's objective, reached in 63 iterations of L-BFGS instead of 4,000."""
        recipe = cls(iterations=63, match_colours=True, optimizer="lbfgs", precision="auto")
        return recipe.replace(**changes)

    @classmethod
    def multiscale(cls, /, **changes):
        """A stronger picture: large strokes first, at small sizes, then finer and finer ones."""
        recipe = cls(
            iterations=112,
            scales=(0.25, 0.4, 0.63, 1.0),
            content_weight=40.0,
            style_weight=100.0,
            total_variation_weight=100.0,
            losses="relative",
            content_layer_name="block4_conv3",
            padding="mirror",
            keep_style_aspect=True,
            match_colours=True,
            optimizer="lbfgs",
            precision="auto",
            interpolation="lanczos",
        )
        return recipe.replace(**changes)

    @classmethod
    def poster(cls, /, rows=3000, **changes):
        """A picture to print: `multiscale` at about 500 rows, then twice as large again and again.

        The larger a size, the fewer iterations it gets: it only adds finer strokes. It makes do
        with 3 GB up to 12 megapixels in bfloat16 (3.2 in float32); with more, or None, the middle
        sizes are painted faster.
        """
        start, rows = cls.multiscale(), checks.whole("rows", rows, least=MIN_ROWS)
        doublings = max(round(math.log2(rows / POSTER_START)), 0)
        sizes = range(doublings - 1, -1, -1)
        each = start.iterations / len(start.scales)
        later = [max(each * 2.0 ** (size - doublings), FEWEST_OF_A_SIZE) for size in sizes]
        shares = (*(each for _ in start.scales), *later)
        return start.replace(
            rows=rows,
            scales=(*(scale / 2**doublings for scale in start.scales), *(2.0**-s for s in sizes)),
            shares=shares,
            iterations=int(sum(shares)),
            memory_gb=POSTER_MEMORY,
        ).replace(**changes)

    @classmethod
    def recipe(cls, name, /, **changes):
        """The recipe of that name, for the shell and for sliders."""
        return getattr(cls, checks.choice("recipe", name, RECIPES))(**changes)

    @classmethod
    def for_budget(cls, seconds, memory_gb=None):
        """The strongest picture for the time that there is: `nst_helpers.config_for_budget`.

        Args:
            seconds: From this call to the written picture.
            memory_gb: Memory that Python may take, in units of 10⁹ bytes; None means what is free.

        Returns:
            A `TransferConfig`.
        """
        # A budget times a run, and a run knows this module, so we go through the front door.
        import nst_helpers

        return nst_helpers.config_for_budget(seconds, memory_gb)

    def replace(self, /, **changes):
        """The same settings with some changed."""
        return dataclasses.replace(self, **changes)

    def __post_init__(self):
        store = partial(checks.store, self)
        store("rows", checks.whole, least=MIN_ROWS)
        store("scales", checks.tuple_of, checks.number, least=0.0001, most=1)
        if self.shares is not None:
            store("shares", checks.tuple_of, checks.number, least=0.001)
        self._check_scales()
        store("iterations", checks.whole, least=len(self.scales))
        for name in ("content_weight", "style_weight", "total_variation_weight"):
            store(name, checks.number, least=0)
        store("content_layer_name", checks.choice, LAYERS)
        store("style_layer_names", checks.tuple_of, checks.choice, LAYERS)
        for name, choices in CHOICES.items():
            store(name, checks.choice, choices)
        store("strength", checks.number, least=0, most=10)
        if self.precision == "bfloat16" and self.convolution not in ("direct", "auto"):
            raise ConfigError(
                f'convolution="{self.convolution}" computes in float32: '
                'set precision="float32", or convolution="auto".'
            )
        store("style_scale", checks.number, least=0.1, most=10)
        store("keep_style_aspect", checks.flag)
        store("keep_colours", checks.flag_or_choice, KEEP_COLOURS)
        store("match_colours", checks.flag)
        for name in ("initial_learning_rate", "decay_rate", "adam_learning_rate"):
            store(name, checks.number, least=0)
        store("decay_steps", checks.number, least=1)
        for name in ("beta_1", "beta_2"):
            store(name, checks.number, least=0, below=1)
        store("epsilon", checks.number, least=1e-30)
        store("history", checks.whole, least=1)
        if self.memory_gb is not None:
            store("memory_gb", checks.number, least=0.5)
        if self.report_every is not None:
            store("report_every", checks.whole, least=1)

    def _check_scales(self):
        if self.scales[-1] != 1:
            raise ConfigError(f"scales must end in 1, not be {checks.shown(self.scales)}.")
        if self.shares is not None and len(self.shares) != len(self.scales):
            raise ConfigError(
                f"shares must have a number for each of the {len(self.scales)} scales, or be "
                f"None, not have {len(self.shares)}."
            )
