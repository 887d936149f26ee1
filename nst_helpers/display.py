"""Pictures side by side, loss curves, and the progress bar."""

import io

import numpy as np
from IPython.display import Image, display
from matplotlib.figure import Figure
from tqdm.auto import tqdm

PAGE = 10  # inches: how wide figures are laid out
DOTS_PER_INCH = 96

# One colour a loss, the same in every figure; the colour-blind can tell them apart.
COLOURS = {
    "total": "#222222",
    "style": "#c8553d",
    "content": "#28729c",
    "total_variation": "#b08900",
}

RUN_COLOURS = [COLOURS["content"], COLOURS["style"], COLOURS["total_variation"], COLOURS["total"]]


class ProgressBar:
    """Callback for `transfer`: a bar with the loss and the time left, in shell and notebook."""

    def __init__(self):
        self._bar = None

    def __call__(self, progress):
        if self._bar is None:
            done = progress.losses.iteration - 1  # more than none where a run goes on
            self._bar = tqdm(total=progress.iterations, initial=done, unit="iteration", leave=False)
        self._bar.set_postfix_str(f"loss {progress.losses.total:.5g}", refresh=False)
        self._bar.update(progress.losses.iteration - self._bar.n)
        if progress.losses.iteration == progress.iterations:
            self._bar.refresh()
            self._bar.close()


def show_images(columns=None, cmap="gray", **images):
    """Shows pictures side by side, each under its name, as wide as the page.

    Args:
        columns: Pictures in a row; None puts up to four there.
        cmap: Matplotlib's name of the colours for pictures of one channel.
        **images: From a title (underscores become spaces) to an array: uint8 RGB of shape
            (rows, cols, 3), or numbers of shape (rows, cols), drawn from lowest to highest.
    """
    columns = columns or min(len(images), 4)
    lines = -(-len(images) // columns)
    tallest = max(len(image) / len(image[0]) for image in images.values())
    figure = Figure(figsize=(PAGE, lines * (PAGE / columns * tallest + 0.3)), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, (title, image) in zip(axes, images.items(), strict=False):
        axis.imshow(np.asarray(image), cmap=cmap)
        axis.set_title(title.replace("_", " "), fontsize=11)
    show_figure(figure)


def plot_losses(losses, against="iteration"):
    """Draws the total loss and its three parts as they fall, on a logarithmic scale.

    Args:
        losses: `TransferResult.losses`.
        against: "iteration" or "seconds".
    """
    figure = Figure(figsize=(PAGE * 0.75, 3.4), layout="constrained")
    axis = figure.subplots()
    x = [getattr(row, against) for row in losses]
    for name, colour in COLOURS.items():
        y = np.array([getattr(row, name) for row in losses])
        axis.plot(
            x,
            np.where(y > 0, y, np.nan),  # the content loss starts at zero, which has no logarithm
            color=colour,
            linewidth=2.6 if name == "total" else 1.6,
            label=name.replace("_", " "),
        )
    axis.set(yscale="log", xlabel=against, ylabel="loss")
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    show_figure(figure)


def plot_runs(xlabel="seconds", **runs):
    """Draws the losses of several runs into one figure, on a logarithmic scale.

    Args:
        xlabel: What the runs are drawn against.
        **runs: From a name to pairs of a number and a loss.
    """
    figure = Figure(figsize=(PAGE * 0.75, 3.6), layout="constrained")
    axis = figure.subplots()
    for (name, run), colour in zip(runs.items(), RUN_COLOURS, strict=False):
        x, losses = zip(*run, strict=True)
        axis.plot(x, losses, color=colour, linewidth=2.2, marker="o", markersize=3)
        axis.annotate(
            f" {name}", (x[-1], losses[-1]), color=colour, va="center", annotation_clip=False
        )
    axis.set(yscale="log", xlabel=xlabel, ylabel="loss")
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    show_figure(figure)


def show_figure(figure):
    """Shows a matplotlib figure as a JPEG: a tenth of a PNG's bytes, so that lessons stay light."""
    data = io.BytesIO()
    figure.savefig(data, format="jpeg", dpi=DOTS_PER_INCH, pil_kwargs={"quality": 88})
    display(Image(data.getvalue()))
