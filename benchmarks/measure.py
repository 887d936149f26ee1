"""How good is a painted picture? Three numbers that no recipe here works on.

style: how far the picture is from the style image's own statistics: the sliced Wasserstein distance
    (Rabin et al., *Wasserstein Barycenter and Its Application to Texture Mixing*, 2012) of VGG19's
    features in five layers that no recipe looks at, of the whole picture and of half its size.
    1 is the untouched content image, 0 the style image.
content: how far the scene has gone: 1 − cosine of the features of block4_conv4. 0 is the content
    image, 1 as far as the style image.
grain: the share of the finest details in the spectrum of brightness, over the style image's.
    1 is as crisp as the painting; far below is haze, above is noise.
"""

import numpy as np

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.network import network

STYLE_LAYERS = [f"block{block}_conv2" for block in range(1, 6)]
CONTENT_LAYER = "block4_conv4"
DIRECTIONS, QUANTILES = 256, 512


class Measure:
    """The three numbers for a content and a style image.

    Args:
        content, style: uint8, shape (rows, cols, 3).
        rows, cols: Size of the painted pictures.
    """

    def __init__(self, content, style, rows, cols):
        self.content = resized(content, rows, cols)
        self.style = resized(style, *same_area(style, rows * cols))
        self.target = style_features(self.style)
        self.untouched = distances(style_features(self.content), self.target)
        self.scene = content_features(self.content)
        self.other_scene = cosine_distance(self.scene, content_features(resized(style, rows, cols)))

    def __call__(self, painted):
        """Style, content and grain of a picture of that size, uint8."""
        style = np.divide(distances(style_features(painted), self.target), self.untouched).mean()
        content = cosine_distance(self.scene, content_features(painted)) / self.other_scene
        return float(style), float(content), float(grain(painted) / grain(self.style))


def resized(image, rows, cols):
    return nst.deprocess_image(nst.preprocess_image(image, rows, cols, "lanczos"))


def same_area(image, pixels):
    zoom = np.sqrt(pixels / (image.shape[0] * image.shape[1]))
    return [max(16, round(side * zoom)) for side in image.shape[:2]]


def features(image, layers):
    picture = tf.constant(nst.preprocess_image(image, *image.shape[:2]))
    return network().walk(picture, dict.fromkeys(layers, lambda x: x))


def content_features(image):
    return np.asarray(features(image, [CONTENT_LAYER])[CONTENT_LAYER])


def style_features(image):
    """For each size and layer the sorted projections of all features on fixed directions."""
    half = resized(image, *same_area(image, image.shape[0] * image.shape[1] / 4))
    return [
        sorted_projections(np.asarray(maps[layer]), seed)
        for maps in (features(each, STYLE_LAYERS) for each in (image, half))
        for seed, layer in enumerate(STYLE_LAYERS)
    ]


def sorted_projections(maps, seed):
    directions = np.random.default_rng(seed).normal(size=(maps.shape[-1], DIRECTIONS))
    directions = (directions / np.linalg.norm(directions, axis=0)).astype("float32")
    projected = maps.reshape(-1, maps.shape[-1]) @ directions
    return np.quantile(projected, np.linspace(0, 1, QUANTILES), axis=0)


def distances(these, those):
    return [np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(these, those, strict=True)]


def cosine_distance(a, b):
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return 1 - np.mean(np.sum(a * b, axis=-1) / (norms + 1e-6))


def grain(image):
    """The power in the top octave of brightness over all of it but the mean."""
    brightness = image @ np.array([0.299, 0.587, 0.114])
    rows, cols = brightness.shape
    window = np.hanning(rows)[:, None] * np.hanning(cols)
    power = np.abs(np.fft.fft2((brightness - brightness.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(cols))
    return power[frequency > 0.25].sum() / power[frequency > 0.01].sum()


def border(image, width=8, further_in=24):
    """How much the outermost pixels differ from those further in, in gray levels.

    The mean absolute difference of three statistics of both rings, a channel: mean, deviation, and
    deviation of the differences between neighbours.
    """
    outer, inner = (ring_statistics(image, start, width) for start in (0, further_in))
    return np.mean(np.abs(np.subtract(outer, inner)))


def ring_statistics(image, start, width):
    ring = np.zeros(image.shape[:2], bool)
    rows, cols = ring.shape
    ring[start : rows - start, start : cols - start] = True
    ring[start + width : rows - start - width, start + width : cols - start - width] = False
    image = image.astype(float)
    fine = np.zeros_like(image)
    fine[:-1, :-1] = image[:-1, :-1] - (image[1:, :-1] + image[:-1, 1:]) / 2
    fine[-1], fine[:, -1] = fine[-2], fine[:, -2]
    return [image[ring].mean(axis=0), image[ring].std(axis=0), fine[ring].std(axis=0)]
