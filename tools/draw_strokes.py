"""Draws a style at any size, in brush strokes: python tools/draw_strokes.py strokes.png [ROWS]

The style images that the package brings have 480 rows. A poster's strokes come from its style
image, so that has to be as large as the poster.
"""

import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROWS, ASPECT_RATIO = 3000, 4 / 3
NIGHT = np.array([[18, 38, 92], [32, 74, 140], [62, 118, 170], [130, 176, 196], [22, 58, 84]])
LIGHT = np.array([[240, 200, 92], [250, 226, 150], [222, 150, 60]])
EDDIES = 9  # around which the strokes swirl; every third one is a light
LAYERS = (0.06, 4000), (0.03, 6000), (0.016, 9000)  # lengths over the rows, and how many strokes
BRISTLES, STEPS = 9, 12  # of a stroke; and the pieces of its curve


def draw(rows, seed=5):
    """A picture of so many rows."""
    rng = np.random.default_rng(seed)
    cols = round(rows * ASPECT_RATIO)
    image = Image.new("RGB", (cols, rows), tuple(NIGHT[0]))
    canvas = ImageDraw.Draw(image)
    eddies = np.c_[rng.random((EDDIES, 2)) * [cols, rows], rng.choice([-1, 1], EDDIES)]
    for length, count in LAYERS:
        for start in rng.random((count, 2)) * [cols, rows]:
            stroke(canvas, rng, path(start, length * rows, eddies, rows), eddies, length * rows / 6)
    return image.filter(ImageFilter.GaussianBlur(rows / 3000))


def path(start, length, eddies, rows):
    """The points of a curve that follows the eddies."""
    points = [start]
    for _ in range(STEPS):
        points.append(points[-1] + length / STEPS * flow(points[-1], eddies, rows))
    return np.array(points)


def flow(point, eddies, rows):
    """Where a stroke goes from a point: around the eddies, and else across; length 1."""
    away = point - eddies[:, :2]
    near = np.exp(-np.sum(away**2, axis=1) / (0.2 * rows) ** 2)
    around = near * eddies[:, 2] / (np.hypot(*away.T) + 1)
    direction = np.array([-away[:, 1] @ around, away[:, 0] @ around])
    direction += 0.25 * np.array([1, np.sin(point[0] / rows * 5) / 2])
    return direction / np.hypot(*direction)


def stroke(canvas, rng, points, eddies, width):
    """One stroke: bristles side by side, each a little lighter or darker."""
    from_light = np.hypot(*(points[0] - eddies[::3, :2]).T).min()
    glow = rng.random() < np.exp(-((from_light / (7 * width + 150)) ** 2))
    colour = rng.permutation(LIGHT if glow else NIGHT)[0] + rng.normal(0, 9, 3)
    along = np.gradient(points, axis=0)
    across = np.c_[-along[:, 1], along[:, 0]] / (np.hypot(*along.T)[:, None] + 1e-9)
    for side in np.linspace(-0.5, 0.5, BRISTLES):
        cut = rng.integers(0, 3), len(points) - rng.integers(0, 3)
        line = (points + side * width * across)[slice(*cut)]
        shade = np.clip(colour + rng.normal(0, 16) - 45 * side, 0, 255).astype(int)
        pen = max(1, round(1.6 * width / BRISTLES))
        canvas.line([tuple(p) for p in line], tuple(shade), pen, joint="curve")


if __name__ == "__main__":
    draw(int((sys.argv[2:] or [ROWS])[0])).save(sys.argv[1])
