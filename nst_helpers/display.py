"""Pictures side by side, loss curves, and the progress bar."""

import io
from contextlib import suppress
from itertools import cycle

import numpy as np
import PIL.Image
from IPython.display import Image, display
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from nst_helpers.errors import ImageError
from nst_helpers.images import load_image
from nst_helpers.palette import COLOURS, FURTHER_COLOURS, colours_of

PAGE = 10  # inches: how wide figures are laid out
DOTS_PER_INCH = 96
RUN_COLOURS = [COLOURS[name] for name in ("content", "style", "total_variation", "total")]
RUN_COLOURS += FURTHER_COLOURS


class ProgressBar:
    """Callback for `transfer`: a bar with the loss and the time left, in shell and notebook."""

    def __init__(self):
        self._bar = None

    def __call__(self, progress):
        # Without a stdout or stderr, as in a daemon, there is no bar; the run goes on.
        with suppress(AttributeError, OSError, ValueError):
            self._draw(progress)

    def _draw(self, progress):
        if self._bar is None:
            done = progress.losses.iteration - 1  # more than none where a run goes on
            self._bar = tqdm(total=progress.iterations, initial=done, unit="iteration", leave=False)
        self._bar.set_postfix_str(f"loss {progress.losses.total:.5g}", refresh=False)
        self._bar.update(progress.losses.iteration - self._bar.n)
        if progress.losses.iteration == progress.iterations:
            self._bar.refresh()
            self._bar.close()


def show_images(images=None, columns=None, cmap="gray", alt=None, **titled):
    """Shows pictures side by side, each under its title, as wide as the page.

    Args:
        images: Dictionary from a title to a picture: a PIL image, uint8 RGB of shape
            (rows, cols, 3), or numbers of shape (rows, cols), drawn from lowest to highest.
        columns: Pictures in a row; None puts up to four there.
        cmap: Matplotlib's name of the colours for pictures of one channel.
        alt: What is seen, for readers who don't see it; None names the titles.
        titled: Further pictures by their titles, where a title is one word.

    Raises:
        ImageError: If there is no picture, or a value is none.
    """
    pictures = _checked({} if images is None else images, titled)
    columns = columns or min(len(pictures), 4)
    lines = -(-len(pictures) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures.values())
    figure = Figure(figsize=(PAGE, lines * (PAGE / columns * tallest + 0.3)), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, (title, picture) in zip(axes, pictures.items(), strict=False):
        axis.imshow(picture, cmap=cmap)
        axis.set_title(title, fontsize=11)
    show_figure(figure, alt or f"Pictures side by side: {'; '.join(pictures)}.")


def _checked(images, titled):
    """The pictures as arrays, by their titles."""
    if not isinstance(images, dict) or not (images or titled):
        raise ImageError('show_images takes a dictionary of pictures, such as {"a title": image}.')
    return {str(title): _as_array(title, image) for title, image in (images | titled).items()}


def _as_array(title, image):
    picture = load_image(image) if isinstance(image, PIL.Image.Image) else np.asarray(image)
    numeric = picture.dtype.kind in "buif" and picture.size
    if numeric and (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] in (1, 3, 4))):
        return picture
    raise ImageError(
        f"{title!r} is no picture: give a PIL image or an array of shape (rows, cols, 3) or "
        f"(rows, cols), not {f'one of shape {picture.shape}' if picture.shape else repr(image)}."
    )


def plot_losses(losses, against="iteration"):
    """Draws the total loss and its parts as they fall, on a logarithmic scale.

    Args:
        losses: `TransferResult.losses`.
        against: "iteration" or "seconds".
    """
    figure, axis = _loss_axis(height=3.4, xlabel=against)
    x = [getattr(row, against) for row in losses]
    colours = colours_of([*COLOURS, *losses[0].losses])
    for name, colour in colours.items():
        y = np.array([getattr(row, name) for row in losses])
        axis.plot(
            x,
            np.where(y > 0, y, np.nan),  # the content loss starts at zero, which has no logarithm
            color=colour,
            linewidth=2.6 if name == "total" else 1.6,
            label=name.replace("_", " "),
        )
    axis.legend(frameon=False, ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    show_figure(figure, f"Curves of the losses by {against}: {', '.join(colours)}.")


def plot_runs(runs, xlabel="seconds"):
    """Draws the losses of several runs into one figure, on a logarithmic scale.

    Args:
        runs: Dictionary from a name to pairs of a number and a loss.
        xlabel: What the runs are drawn against.
    """
    figure, axis = _loss_axis(height=3.6, xlabel=xlabel)
    for (name, run), colour in zip(runs.items(), cycle(RUN_COLOURS), strict=False):
        x, losses = zip(*run, strict=True)
        axis.plot(x, losses, color=colour, linewidth=2.2, marker="o", markersize=3)
        axis.annotate(
            f" {name}", (x[-1], losses[-1]), color=colour, va="center", annotation_clip=False
        )
    show_figure(figure, f"Curves of the loss by {xlabel}: {', '.join(runs)}.")


def _loss_axis(height, xlabel):
    figure = Figure(figsize=(PAGE * 0.75, height), layout="constrained")
    axis = figure.subplots()
    axis.set(yscale="log", xlabel=xlabel, ylabel="loss")
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis


def show_figure(figure, alt):
    """Shows a matplotlib figure as a JPEG: a tenth of a PNG's bytes, so that lessons stay light.

    Args:
        figure: The figure.
        alt: What is seen on it, for readers who don't see it.
    """
    data = io.BytesIO()
    figure.savefig(data, format="jpeg", dpi=DOTS_PER_INCH, pil_kwargs={"quality": 88})
    display(Image(data.getvalue(), alt=alt))
