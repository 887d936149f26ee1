"""Exercises of lesson 2: into the network's numbers, and back."""

import numpy as np

from nst_helpers.images import IMAGENET_MEAN_BGR, load_image, preprocess_image
from nst_helpers.machine.pictures import picture
from nst_helpers.tasks.task import expect, task

MISTAKES = "none", "mean", "flip", "both"


@task(
    "2.1",
    "x + MEAN makes a new array, x += MEAN changes the one that you were given.",
    "np.rint rounds to the nearest whole number. Where does it have to stand?",
)
def deprocess(answer):
    """answer(x): like the Keras example's, but it leaves x alone, and rounds."""
    wanted = np.random.default_rng(3).uniform(20, 235, (16, 24, 3))
    x = (wanted[np.newaxis, ..., ::-1] - IMAGENET_MEAN_BGR).astype("float32")
    given = x.copy()
    made = np.asarray(answer(x))
    expect(
        np.array_equal(x, given),
        "x itself has changed: += works in place, on a reshaped view too. Call yours twice and "
        "look.",
    )
    expect(
        made.shape == wanted.shape and made.dtype == np.uint8,
        f"A picture has shape (rows, cols, 3) and type uint8, not {made.shape} and {made.dtype}.",
    )
    straight = abs(made - wanted).mean()
    expect(
        straight < 20 or abs(made[..., ::-1] - wanted).mean() > straight,
        "Red and blue are swapped: BGR should become RGB.",
    )
    expect(
        straight < 20,
        "Its colours are off: is the mean added, and to the right channel, before the flip?",
    )
    dark = (wanted - made).mean()
    expect(
        abs(dark) < 0.1,
        f"On average the picture is {dark:.1f} levels too dark: astype cuts off the decimals.",
    )
    far = np.asarray(answer(np.full((1, 2, 2, 3), 400, "float32")))
    expect((far == 255).all(), "Values above 255 should become 255: clip before you convert.")


@task(
    "2.2",
    "You know the right picture. What would each of the four mistakes make of it?",
    "abs(one - other).mean() says how far two pictures are from each other. Beware of uint8.",
)
def which_mistake(answer):
    """answer(picture, broken): what was forgotten on the way back."""
    for name in ("harbour_town", "mosaic", "watercolour"):
        image = load_image(picture(name), rows=40)
        for mistake, broken in _broken(image).items():
            found = answer(image, broken)
            expect(found in MISTAKES, 'Answer "none", "mean", "flip" or "both".')
            expect(
                found == mistake,
                f"With {name}, {mistake!r} was taken for {found!r}. Make all four from the right "
                "picture, and take the nearest.",
            )


def _broken(image):
    x = preprocess_image(image, *image.shape[:2])[0]
    with_mean = x + IMAGENET_MEAN_BGR
    made = with_mean[..., ::-1], x[..., ::-1], with_mean, x
    clipped = [np.clip(each, 0, 255).astype("uint8") for each in made]
    return dict(zip(MISTAKES, clipped, strict=True))


@task(
    "2.3",
    "What does the network's input say of a pixel: its colour, or how far it is from something?",
    "On the way back, what is added to the zeros? And in which order are the channels then?",
)
def zero(answer):
    """answer: the colour (red, green, blue) that zeros become."""
    colour = tuple(round(float(level)) for level in answer)
    mean = IMAGENET_MEAN_BGR.tolist()
    expect(len(colour) == 3, "A colour is three numbers: red, green and blue.")
    expect(colour != (0, 0, 0), "Black? On the way back something is added to each channel.")
    expect(len(set(colour)) > 1, "A neutral gray has three equal numbers. Is the mean such a gray?")
    expect(
        max(abs(a - b) for a, b in zip(colour, mean, strict=True)) > 1,
        "These are the right numbers in the network's order: blue, green, red.",
    )
    expect(
        max(abs(a - b) for a, b in zip(colour, mean[::-1], strict=True)) <= 1,
        "Zeros become the mean colour of the pictures that VGG19 was trained on.",
    )
