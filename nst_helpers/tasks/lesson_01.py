"""Exercises of lesson 1: pictures are arrays."""

import numpy as np

from nst_helpers.images import load_image
from nst_helpers.machine.pictures import picture
from nst_helpers.tasks.task import expect, task


@task(
    "1.1",
    "The shape of a picture is its width over its height. It should stay the same.",
    "int(5.9) is 5: it rounds down.",
)
def columns(answer):
    """answer(width, height, rows): how many columns, a whole number, rounded down."""
    wide, tall = answer(720, 480, 400), answer(480, 720, 600)
    expect(
        wide == 600 or tall == 400,
        "Try it on paper: a picture 720 wide and 480 high should get 600 columns at 400 rows.",
    )
    expect(
        wide == 600 and tall == 400,
        "It works for wide or for tall pictures only: one formula is right for both.",
    )
    expect(
        answer(1000, 667, 400) != 600,
        "1000 × 667 at 400 rows is 599.7 columns. Round down, as Keras does.",
    )
    expect(isinstance(answer(1000, 667, 400), int), "A number of pixels is an int.")
    for width, height, rows in ((333, 500, 128), (4032, 3024, 97), (640, 640, 16)):
        expect(
            abs(answer(width, height, rows) / rows - width / height) < 1 / rows,
            f"{width} × {height} at {rows} rows gets another shape.",
        )


@task(
    "1.2",
    "A slice of a list: what does [1, 2, 3][::-1] give?",
    "image.shape is (rows, columns, colours). The first axis goes from the top to the bottom.",
)
def upside_down(answer):
    image = np.random.default_rng(1).integers(0, 256, (6, 9, 3), dtype="uint8")
    turned = np.asarray(answer(image))
    expect(
        turned.shape == image.shape,
        "Rows and columns have changed places: only the order of the rows should change.",
    )
    expect(not np.array_equal(turned, image), "The picture has not changed.")
    expect(
        not np.array_equal(turned, image[:, ::-1]),
        "That is a mirror image: left and right are swapped. Which axis is up and down?",
    )
    expect(
        not np.array_equal(turned, image[::-1, ::-1, ::-1]),
        "Its colours have changed as well: the third axis is red, green, blue.",
    )
    expect(
        not np.array_equal(turned, image[::-1, ::-1]),
        "That is half a turn: each pixel should stay in its column.",
    )
    expect(
        np.array_equal(turned, image[::-1]), "The first row should be the old last one, and so on."
    )


@task(
    "1.3",
    "A blue of 90 is a strong blue in a dark picture, and nearly none in a white one.",
    "Which part of all the light in the picture is blue?",
)
def blueness(answer):
    """answer(image): how blue, whatever the brightness."""
    gray = np.full((8, 8, 3), 200, "uint8")
    dark_blue, red = np.zeros_like(gray), np.zeros_like(gray)
    dark_blue[..., 2], red[..., 0] = 90, 250
    expect(
        answer(dark_blue) > answer(red), "Red should not be bluer than blue: which channel is it?"
    )
    expect(
        not answer(gray) > answer(dark_blue),
        "It says that light gray is bluer than dark blue. The mean of the blue channel alone is "
        "only brightness.",
    )
    expect(
        answer(dark_blue) > answer(gray) > answer(red),
        "From the bluest: dark blue, gray, red. Yours has another order.",
    )
    style = load_image(picture("watercolour"), rows=60)
    expect(
        abs(answer(style) - answer(style // 2)) < 0.02 * abs(answer(style)),
        "The same picture at half the brightness should be just as blue: divide, don't subtract.",
    )


@task(
    "1.4",
    "image.reshape(-1, 3) is a table with one pixel in each row.",
    "Sorted, two such tables are equal if they hold the same rows. Python sorts tuples as wholes.",
)
def same_pixels(answer):
    """answer(a, b): whether both hold the same pixels, in any order."""
    rng = np.random.default_rng(2)
    a = rng.integers(0, 256, (8, 12, 3), dtype="uint8")
    shuffled = rng.permutation(a.reshape(-1, 3)).reshape(a.shape)
    expect(answer(a, shuffled), "Here b is a with its pixels shuffled: the answer is yes.")
    changed = a.copy()
    changed[0, 0, 0] ^= 1
    expect(not answer(a, changed), "Here one number of b is another one, and you say yes.")
    moved = a.copy()
    moved[0, 0, 0], moved[0, 1, 0] = 10, 20
    swapped = moved.copy()
    swapped[0, 0, 0], swapped[0, 1, 0] = 20, 10
    expect(
        not answer(moved, swapped),
        "Here two pixels of b have swapped their reds only. Keep the three numbers of a pixel "
        "together.",
    )
    often, seldom = a.copy(), a.copy()
    often[0, 0] = often[0, 1] = seldom[0, 0] = a[0, 2]
    seldom[0, 1] = seldom[0, 3]
    often[0, 3] = seldom[0, 3]
    expect(
        not answer(often, seldom),
        "Both hold the same kinds of pixel, but not equally often: how often counts.",
    )
