"""What the panel draws: the picture before and after, thumbnails, and the losses as they fall."""

import base64
import html
import io

import numpy as np
from PIL import Image

from nst_helpers.machine.language import translated
from nst_helpers.palette import colours_of

THUMBNAIL_ROWS = 56
LARGEST = 800  # pixels: a photograph's own megapixels take long to send


def thumbnail_of(picture):
    """A `Picture` as a small image in HTML; None is an empty frame."""
    if picture is None:
        return '<span class="nst-thumbnail"></span>'
    rows, cols = picture.array.shape[:2]
    wide = min(max(round(cols * THUMBNAIL_ROWS / rows), 1), 3 * THUMBNAIL_ROWS)
    small = Image.fromarray(picture.array).resize((wide, THUMBNAIL_ROWS), Image.Resampling.LANCZOS)
    data = base64.b64encode(jpeg(np.asarray(small))).decode()
    name = html.escape(picture.name)
    return f'<img class="nst-thumbnail" alt="{name}" src="data:image/jpeg;base64,{data}">'


def before_and_after(content, painted, split):
    """The painted picture, and right of the split the content image.

    Args:
        content: uint8, shape (rows, cols, 3).
        painted: The same of any size, or None where nothing is painted yet.
        split: Part of the width that is painted, 0 to 1.

    Returns:
        uint8, of the painted picture's shape.
    """
    before = Image.fromarray(content)
    if painted is None:
        before.thumbnail((LARGEST, LARGEST))
        return np.asarray(before)
    rows, cols = painted.shape[:2]
    cut = round(cols * split)
    if cut == cols:
        return painted
    before = np.asarray(before.resize((cols, rows), Image.Resampling.BILINEAR))
    both = np.concatenate([painted[:, :cut], before[:, cut:]], axis=1)
    both[:, max(cut - 1, 0) : cut + 1] = 255
    return both


def jpeg(array):
    """The picture as a JPEG, which takes a fifteenth of a PNG's time."""
    data = io.BytesIO()
    Image.fromarray(array).save(data, "jpeg", quality=85)
    return data.getvalue()


def loss_curves(losses):
    """A small drawing of the losses on a logarithmic scale, with their last values.

    Args:
        losses: `LossRow`s.

    Returns:
        HTML.
    """
    step = max(len(losses) // 150, 1)  # more points than that can't be seen
    rows, last = [row.losses for row in losses[::step]], losses[-1].losses
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: np.log10([row[name] for row in rows]) for name in last}
    finite = np.concatenate([y[np.isfinite(y)] for y in values.values()])
    if not finite.size:
        return ""
    high = finite.max()
    low = max(finite.min(), high - 5)  # the content loss starts at next to nothing
    lines, numbers = "", ""
    for name, colour in colours_of(last).items():
        colour = "currentColor" if name == "total" else colour  # in a dark theme too
        y = 92 - 84 * (values[name] - low) / ((high - low) or 1)
        lines += _line(y, colour, 2.4 if name == "total" else 1.5)
        words = html.escape(f"{translated(name.replace('_', ' '))} {_short(last[name])}")
        numbers += f'<span><i style="background:{colour}"></i>{words}</span>'
    return (
        '<svg viewBox="0 0 400 96" preserveAspectRatio="none" role="img" aria-label="losses">'
        f'{lines}</svg><div class="nst-numbers">{numbers}</div>'
    )


def _line(y, colour, width):
    x = np.linspace(2, 398, len(y))
    points = " ".join(
        f"{a:.1f},{min(b, 95):.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(b)
    )
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" '
        'stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
    )


def _short(number):
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"
