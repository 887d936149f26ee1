"""Draw the pictures that ship with the package.

    python tools/draw_pictures.py [OUTPUT_FOLDER] [--only NAME ...]

Every picture in nst_helpers/data is drawn by this script: no photograph and no painting
of anybody else is in them, so they carry the same MIT licence as the code.

Two pictures are contents (a mountain lake and a harbour town, rendered from small 3-D
models), four are styles (oil strokes, a mosaic, a woodcut and a watercolour). All random
numbers come from fixed seeds, so a second run writes the same pictures.

Every picture is drawn at twice its final size and shrunk at the end, which smooths the
edges. Colours are float arrays of shape (height, width, 3) with values from 0 to 1.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import fft, ndimage, spatial

WIDTH, HEIGHT = 720, 480
SUPERSAMPLING = 2
SHAPE = (HEIGHT * SUPERSAMPLING, WIDTH * SUPERSAMPLING)
JPEG_QUALITY = 88

# ---------------------------------------------------------------------------------------
# Shared helpers
# ---------------------------------------------------------------------------------------


def picture_grid(shape=SHAPE):
    """Return x (0 to 1.5 from left to right) and y (0 to 1 from top to bottom)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return (x + 0.5) / shape[0], (y + 0.5) / shape[0]


def fractal_noise(rng, shape, size, slope=2.0, stretch=(1.0, 1.0)):
    """Return noise of mean 0 and standard deviation 1 whose largest blobs span `size` pixels.

    White noise is filtered in Fourier space: below the blob size the amplitude falls as
    frequency ** -slope, so a small slope gives a rough field and a large one a smooth one.
    `stretch` makes the blobs longer along (rows, columns).
    """
    rows = fft.fftfreq(shape[0])[:, None] * stretch[0]
    columns = fft.rfftfreq(shape[1])[None, :] * stretch[1]
    amplitude = (rows**2 + columns**2 + (0.5 / size) ** 2) ** (-slope / 2)
    spectrum = fft.rfft2(rng.standard_normal(shape, dtype=np.float32)) * amplitude
    field = fft.irfft2(spectrum.astype(np.complex64), s=shape)
    field -= field.mean()
    return (field / field.std()).astype(np.float32)


def smoothstep(low, high, value):
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(first, second, amount):
    """Blend two colours or pictures; `amount` 0 gives the first and 1 the second."""
    amount = np.asarray(amount, dtype=np.float32)
    if amount.ndim:
        amount = amount[..., None]
    return first + (np.asarray(second, dtype=np.float32) - first) * amount


def rgb(code):
    """Turn a colour code such as "f0c040" into three floats."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.float32) / 255


def gradient_map(value, stops):
    """Colour a field by interpolating between (position, "rrggbb") stops."""
    positions = [position for position, _ in stops]
    colours = np.array([rgb(code) for _, code in stops])
    channels = [np.interp(value, positions, colours[:, i]) for i in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def sample(field, rows, columns, mode="grid-wrap"):
    """Read a field (or every channel of a picture) at fractional positions."""
    if field.ndim == 3:
        return np.stack([sample(f, rows, columns, mode) for f in np.moveaxis(field, -1, 0)], -1)
    return ndimage.map_coordinates(field, [rows, columns], order=1, mode=mode, prefilter=False)


def relief_light(height, strength, light=(-0.5, -0.6, 0.62)):
    """Return the brightness of a bumpy surface lit from the upper left, and its glint."""
    slope_y, slope_x = np.gradient(height * strength)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    direction = np.array(light) / np.linalg.norm(light)
    facing = (-slope_x * direction[0] - slope_y * direction[1] + direction[2]) / length
    half = direction + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    glint = (-slope_x * half[0] - slope_y * half[1] + half[2]) / length
    return np.clip(facing, 0, None) / direction[2], np.clip(glint, 0, 1) ** 40


def tone_map(light):
    """Squeeze unbounded linear light into display values, as a camera would."""
    light = np.clip(light, 0, None)
    curve = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    return np.clip(curve, 0, 1) ** (1 / 2.2)


def bloom(light, radius, strength):
    """Let the brightest spots glow into their surroundings, as a lens does."""
    bright = np.clip(light - 1.1, 0, 2)
    return light + strength * ndimage.gaussian_filter(bright, (radius, radius, 0))


def save_picture(picture, path):
    """Shrink a supersampled picture to its final size and write it as a JPEG."""
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    small = Image.fromarray(pixels).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    small.save(path, quality=JPEG_QUALITY, optimize=True, progressive=True)


# ---------------------------------------------------------------------------------------
# Content: mountain lake
# ---------------------------------------------------------------------------------------

TERRAIN_CELLS = 2048
TERRAIN_KM = 20.0
CELL_KM = TERRAIN_KM / TERRAIN_CELLS
TREE_TILE_CELLS, TREE_CELL_KM = 512, 0.002
CAMERA_KM = 0.05  # above the lake
FOCAL = 1.2 * SHAPE[0]
HORIZON = int(0.60 * SHAPE[0])
# Extra height, middle (right, away), half width and half length of the high mountains in km.
MASSIFS = [
    (2.3, 1.6, 9.5, 1.5, 1.7),
    (1.5, -3.4, 7.5, 1.3, 2.0),
    (1.7, -0.9, 14.0, 3.0, 2.0),
    (0.9, 5.0, 6.0, 1.5, 3.0),
]
# Direction to the sun: right, up, away from the viewer.
SUN = np.array([-0.86, 0.30, -0.24]) / np.linalg.norm([-0.86, 0.30, -0.24])


def ridged_noise(rng, shape, size, octaves=8):
    """Return sharp-crested noise from about 0 to 1: each octave roughens only the crests."""
    total, weight, amplitude = np.zeros(shape, np.float32), 1.0, 1.0
    for octave in range(octaves):
        crest = 1 - np.abs(fractal_noise(rng, shape, size / 2**octave, slope=5))
        crest = np.clip(crest, -0.2, 1) * weight
        total += crest * amplitude
        weight = np.clip(crest * 1.6, 0.05, 1)
        amplitude *= 0.5
    return total / 1.6


def build_terrain(rng):
    """Return terrain heights in km on a square map; water is where they are below 0.

    Rows lead away from the camera, columns from left to right. The lake is an oval with a
    ragged shore in front; mountains grow with the distance from it, highest at four massifs.
    """
    shape = (TERRAIN_CELLS, TERRAIN_CELLS)
    away = (np.arange(TERRAIN_CELLS, dtype=np.float32)[:, None] + 0.5) * CELL_KM
    across = (np.arange(TERRAIN_CELLS, dtype=np.float32)[None, :] + 0.5) * CELL_KM
    across = across - TERRAIN_KM / 2
    ridges = ridged_noise(rng, shape, 300)
    rough = fractal_noise(rng, shape, 200, slope=1.9)
    gullies = ridged_noise(rng, shape, 70, 5)
    from_shore = np.hypot((across + 0.3) / 1.7, (away - 1.0) / 2.7) - 1 + 0.12 * rough
    swell = np.full(shape, 0.7, np.float32)
    for extra, x, z, width, length in MASSIFS:
        swell += extra * np.exp(-(((across - x) / width) ** 2) - ((away - z) / length) ** 2)
    rise = smoothstep(0, 3.0, from_shore) + 0.25 * smoothstep(0, 0.6, from_shore)
    height = rise * swell * (0.12 + 1.10 * ridges + 0.16 * gullies)
    height += 0.04 * np.clip(from_shore, -1, 2) + 0.015 * rough * smoothstep(0, 0.5, from_shore)
    return height.astype(np.float32)


def sun_shadow(height):
    """Return 1 where the sun reaches the terrain and 0 in shade, with a soft border.

    Shifting the map towards the sun step by step shows every cell what could block its light.
    """
    clearance = np.full(height.shape, 1.0, np.float32)
    run = np.hypot(SUN[0], SUN[2])
    step = 2.0
    while step < 700:
        rows, columns = round(SUN[2] / run * step), round(SUN[0] / run * step)
        blocker = np.roll(height, (-rows, -columns), axis=(0, 1))
        sun_line = height + step * CELL_KM * SUN[1] / run
        clearance = np.minimum(clearance, (sun_line - blocker) / (step * CELL_KM))
        step *= 1.07
    return smoothstep(-0.03, 0.05, clearance)


def terrain_light(rng, height):
    """Return the linear colour of every terrain cell (cover times light) and its woods."""
    shape = height.shape
    slope_z, slope_x = np.gradient(height, CELL_KM)
    normal_y = 1 / np.sqrt(slope_x**2 + slope_z**2 + 1)
    facing = np.clip((-slope_x * SUN[0] + SUN[1] - slope_z * SUN[2]) * normal_y, 0, 1)
    patches = fractal_noise(rng, shape, 60, slope=1.7)
    grain = fractal_noise(rng, shape, 12, slope=1.2)
    cover = mix(rgb("5c5148"), rgb("8a7a68"), smoothstep(-1.5, 1.5, grain))
    meadow = smoothstep(0.62, 0.9, normal_y) * smoothstep(1.1, 0.6, height + 0.08 * patches)
    cover = mix(cover, rgb("5d6a2e"), meadow * 0.8)
    woods = forest_cover(height, normal_y, patches)
    cover = mix(cover, rgb("2c4220"), woods)
    snow_line = 1.15 + 0.12 * patches
    snow = smoothstep(snow_line - 0.05, snow_line + 0.35, height + 0.5 * (normal_y - 0.6))
    snow *= smoothstep(0.38, 0.55, normal_y + 0.05 * grain)
    cover = mix(cover**2.2, np.float32([0.92, 0.94, 1.0]), snow)
    sun = (facing * sun_shadow(height))[..., None] * np.float32([4.6, 2.75, 1.40])
    sky = (0.45 + 0.55 * normal_y)[..., None] * np.float32([0.24, 0.34, 0.58])
    return (cover * (sun + sky)).astype(np.float32), woods


def forest_cover(height, flatness, patches):
    """Return where conifers grow: low, not too steep, in ragged patches."""
    tree_line = smoothstep(0.95, 0.7, height + 0.10 * patches)
    return tree_line * smoothstep(0.45, 0.6, flatness) * smoothstep(-1.3, -0.4, patches)


def forest_canopy(rng):
    """Return a tile of conifer heights in km (cones on a plane) that repeats seamlessly."""
    tile = np.zeros((TREE_TILE_CELLS, TREE_TILE_CELLS), np.float32)
    reach = np.arange(-4, 5)
    rows, columns = np.meshgrid(reach, reach, indexing="ij")
    distance = np.hypot(rows, columns) / 4
    for _ in range(9000):
        row, column = rng.integers(0, TREE_TILE_CELLS, 2)
        cone = rng.uniform(0.012, 0.034) * np.clip(1 - distance, 0, 1)
        place = (row + rows) % TREE_TILE_CELLS, (column + columns) % TREE_TILE_CELLS
        tile[place] = np.maximum(tile[place], cone)
    return tile


def cast_rays(ground, canopy, woods, above, rows):
    """Return the depth in km at which each pixel of a view over the terrain hits it.

    One column of pixels looks along one line of the map. Going outwards along that line we
    keep the highest point seen so far; a pixel sees the first place that rises above its
    own ray. `rows` counts pixels upwards from the horizon, `above` is the camera's height
    over the lake: a negative one gives the upside-down view that the lake reflects. The
    depth is infinite where a pixel sees no land.
    """
    depth = np.geomspace(0.25, 19.5, 2400, dtype=np.float32)[:, None]
    tangent = (np.arange(SHAPE[1], dtype=np.float32) - SHAPE[1] / 2) / FOCAL
    across = depth * tangent
    spot = depth / CELL_KM, (across + TERRAIN_KM / 2) / CELL_KM
    spot = np.broadcast_arrays(*spot)
    height = sample(ground, *spot)
    trees = sample(canopy, *np.broadcast_arrays(depth / TREE_CELL_KM, across / TREE_CELL_KM))
    risen = height + trees * sample(woods, *spot)
    risen = np.where(height > 0, (risen - above) / depth * FOCAL, -np.inf)
    skyline = np.maximum.accumulate(risen, axis=0)
    reach = np.append(depth, np.inf).astype(np.float32)
    hits = [reach[np.searchsorted(skyline[:, i], rows)] for i in range(SHAPE[1])]
    return np.stack(hits, axis=1)


def cloudy_sky(rng, rows, stops, glow, cloud_shade, cloud_light, sun_side=-1):
    """Return a sky for `rows` above the horizon, with a glow on one side and clouds.

    The clouds lie on a level sheet, so perspective makes them small towards the horizon.
    They are bright where the sheet is thinner on the side of the sun.
    """
    up = np.clip(rows, 1, None)[:, None] / FOCAL
    side = (np.arange(SHAPE[1], dtype=np.float32) - SHAPE[1] / 2)[None, :] / FOCAL
    near_sun = np.exp(-(((side - 0.75 * sun_side) / 0.55) ** 2) - (up / 0.30) ** 2)
    sky = gradient_map(np.broadcast_to(up, near_sun.shape), stops) ** 2.2
    sky = mix(sky, np.float32(glow), 0.75 * near_sun)
    clouds = fractal_noise(rng, (1024, 1024), 260, slope=1.75)
    far = 1 / (up + 0.10)
    place = np.broadcast_arrays(far * 130, side * far * 130 + 40 * far)
    density = sample(clouds, *place)
    toward_sun = sample(clouds, place[0], place[1] + 14 * sun_side)
    lit = smoothstep(-0.5, 0.7, density - toward_sun)
    cloud = mix(np.float32(cloud_shade), np.float32(cloud_light), lit)
    return mix(sky, cloud, 0.9 * smoothstep(0.1, 1.5, density) * smoothstep(0.0, 0.12, up))


def landscape_view(land, light, sky, above, rows):
    """Return the linear picture of land under haze and sky, and where there is land."""
    ground, canopy, woods = land
    depth = cast_rays(ground, canopy, woods, above, rows)
    reaches_water_first = depth * -rows[:, None] > above * FOCAL
    seen = np.isfinite(depth) & ~reaches_water_first
    far = np.where(seen, depth, 1)
    tangent = (np.arange(SHAPE[1], dtype=np.float32) - SHAPE[1] / 2)[None, :] / FOCAL
    spot = far / CELL_KM, (far * tangent + TERRAIN_KM / 2) / CELL_KM
    colour = sample(light, *spot)
    tree = sample(canopy, far / TREE_CELL_KM, far * tangent / TREE_CELL_KM)
    lit_side = sample(canopy, far / TREE_CELL_KM, far * tangent / TREE_CELL_KM - 2)
    leaf = np.clip(0.75 + (tree - lit_side) * 45, 0.25, 1.9)
    colour *= (1 + (leaf - 1) * sample(woods, *spot))[..., None]
    level = np.clip(sample(ground, *spot), 0, None)
    veil = 1 - np.exp(-far / 26 * np.exp(-level / 1.4) - 0.05 * far * np.exp(-level / 0.06))
    warm = np.exp(-(((tangent + 0.75) / 0.7) ** 2))
    haze = mix(np.float32([0.34, 0.45, 0.62]), np.float32([0.95, 0.66, 0.42]), warm)
    return np.where(seen[..., None], mix(colour, haze, veil), sky), seen


def draw_mountain_lake():
    """Draw an alpine lake in low evening light, rendered from a fractal height map."""
    rng = np.random.default_rng(7)
    ground = build_terrain(rng)
    light, woods = terrain_light(rng, ground)
    land = ground, forest_canopy(rng), woods
    rows = np.arange(HORIZON, HORIZON - SHAPE[0], -1, dtype=np.float32)
    mirrored_rows = np.arange(0, SHAPE[0] - HORIZON + 60, dtype=np.float32)
    sky = cloudy_sky(
        rng,
        np.arange(SHAPE[0], dtype=np.float32),
        stops=[(0, "cdb08c"), (0.16, "8fa9c0"), (0.55, "2f5f9c")],
        glow=[1.0, 0.62, 0.26],
        cloud_shade=[0.30, 0.30, 0.38],
        cloud_light=[1.35, 0.84, 0.50],
    )
    behind = sky[np.clip(rows, 0, None).astype(int)]
    scene, seen = landscape_view(land, light, behind, CAMERA_KM, rows)
    mirror, _ = landscape_view(land, light, sky[: len(mirrored_rows)], -CAMERA_KM, mirrored_rows)
    below = np.broadcast_to(np.clip(-rows, 0.5, None)[:, None], SHAPE)
    ripple_y, ripple_x = lake_ripples(rng, below)
    columns = np.arange(SHAPE[1])[None, :] + ripple_x
    water = sample(mirror, np.clip(below + ripple_y, 0, len(mirror) - 1), columns, "nearest")
    fresnel = np.clip(0.92 - 0.5 * below / (SHAPE[0] - HORIZON), 0, 1)
    water = mix(np.float32([0.012, 0.035, 0.045]), water, fresnel)
    is_water = (rows < 0)[:, None] & ~seen
    picture = tone_map(np.where(is_water[..., None], water, scene) * 0.75)
    return plant_shore(rng, picture)


def draw_conifer(rng, draw, x, foot, tall):
    """Draw a spruce: drooping branches from the top down, each with hanging needles.

    Branches on the left catch the low sun; those on the right stay dark.
    """
    trunk = tall * 0.012
    draw.polygon([(x - trunk, foot), (x + trunk, foot), (x, foot - tall)], fill=(24, 19, 15))
    for level in np.sort(rng.uniform(0.02, 0.97, int(tall / 2.6))):
        side = rng.uniform(0.25, 1) * rng.choice([-1, 1])
        reach = tall * 0.22 * level**0.85 * rng.uniform(0.7, 1.1)
        start = foot - tall * (1 - level)
        for t in np.linspace(0.05, 1, int(reach / 2.2) + 2):
            spot_x = x + side * reach * t
            spot_y = start + reach * (0.42 * t - 0.12 * t**2) - 0.04 * reach * np.sin(t * 3)
            length = (0.10 + 0.16 * (1 - t)) * reach + 5
            sunny = np.clip(0.35 - 0.65 * side * t + rng.normal(0, 0.22), 0, 1)
            colour = mix(rgb("0d1a14"), rgb("63662c"), sunny**1.6) * 255
            tip_x = spot_x + side * length * 0.5 + rng.normal(0, 2)
            tip_y = spot_y + length * rng.uniform(0.3, 0.8)
            draw.line([(spot_x, spot_y), (tip_x, tip_y)], fill=tuple(colour.astype(int)), width=2)


def plant_shore(rng, picture):
    """Add the near shore at the lower left: a grassy bank, and spruces that frame the view."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    columns = np.arange(0, 760)
    wobble = fractal_noise(rng, (8, 1024), 160, slope=1.7)[0][:760]
    bank = 0.865 * SHAPE[0] + (columns / 760) ** 1.7 * 0.15 * SHAPE[0] + 5 * wobble
    outline = [*zip(columns.tolist(), bank.tolist(), strict=True), (760, SHAPE[0]), (0, SHAPE[0])]
    draw.polygon(outline, fill=(26, 27, 18))
    for x, foot, tall in [(215, 0.92, 350), (40, 0.93, 560), (128, 0.95, 700), (300, 0.97, 250)]:
        draw_conifer(rng, draw, x, foot * SHAPE[0], tall)
    patches = fractal_noise(rng, SHAPE, 90, slope=2)
    for _ in range(8000):
        x = rng.integers(0, 760)
        y = bank[x] + rng.random() ** 1.3 * (SHAPE[0] + 30 - bank[x])
        patch = patches[min(int(y), SHAPE[0] - 1), x]
        length, lean = rng.uniform(6, 22) * (1.2 + 0.5 * patch), rng.normal(2, 6)
        sunny = np.clip(rng.random() ** 2 * (0.7 + 0.5 * patch), 0, 1)
        colour = mix(rgb("12160d"), rgb("a8904a"), sunny) * 255
        draw.line([(x, y), (x + lean, y - length)], fill=tuple(colour.astype(int)), width=2)
    return np.asarray(image, dtype=np.float32) / 255


def lake_ripples(rng, below):
    """Return how far ripples shift the reflection, growing towards the viewer."""
    waves = fractal_noise(rng, (1024, 1024), 60, slope=1.6, stretch=(1, 3))
    far = FOCAL / (below + 6)
    columns = (np.arange(SHAPE[1])[None, :] - SHAPE[1] / 2) * far * 0.12
    wave = sample(waves, far * 40, columns)
    calm = smoothstep(-0.8, 0.9, sample(waves, far * 3 + 300, columns * 0.1))
    strength = (0.03 * below + 1.0) * (0.25 + calm)
    return wave * strength * 1.4, wave * strength * 0.3


# ---------------------------------------------------------------------------------------
# Content: harbour town
# ---------------------------------------------------------------------------------------

LOW_SUN = np.array([0.90, 0.19, -0.33]) / np.linalg.norm([0.90, 0.19, -0.33])
EYE_HEIGHT = 8.0
QUAY_Z, QUAY_TOP, QUAY_END = 72.0, 1.7, 60.0
EAST, UP, NORTH = np.eye(3)
PLASTER = ["c98a4b", "a9604a", "e3d3b4", "d09a86", "8fa08c", "7d93a6", "96493d", "d9b25f", "ece4d6"]
# x, z, length and height of the mast (0: none) of every boat, in metres.
BOATS = [
    (-16, 66, 8, 10),
    (-5, 65, 7, 0),
    (4, 66, 9, 12),
    (14, 65, 8, 9),
    (23, 66, 10, 14),
    (34, 66, 8, 10),
    (42, 65, 7, 0),
    (50, 66, 10, 13),
    (-8, 50, 8, 0),
    (38, 46, 10, 13),
    (78, 84, 9, 12),
    (4, 40, 7, 0),
]
SHUTTERS = ["2f4a44", "3b4c63", "6a2f2a", "efe9dc", "4a5a3a"]
STOREY = 2.9
ROOFS = ["80503c", "8a5a44", "6e4436", "565561", "946248", "4c4f5a"]


@dataclass
class Face:
    """A flat piece of the scene: a corner, two edges, a shape and a texture.

    The texture is called with metres along both edges and returns colour, glow and a mask.
    """

    corner: np.ndarray
    edge_u: np.ndarray
    edge_v: np.ndarray
    texture: Callable
    shape: str = "rectangle"

    def covers(self, a, b):
        """Return which points, given in fractions of both edges, lie on the face."""
        if self.shape == "gable":
            return (b >= 0) & (np.abs(a - 0.5) <= 0.5 * (1 - b))
        if self.shape == "triangle":
            return (a >= 0) & (b >= 0) & (a + b <= 1)
        return (a >= 0) & (a <= 1) & (b >= 0) & (b <= 1)


@dataclass
class View:
    """A camera: with perspective from `eye`, or without, as the sun sees the scene."""

    eye: np.ndarray
    right: np.ndarray
    up: np.ndarray
    forward: np.ndarray
    scale: float
    shape: tuple
    centre: tuple
    perspective: bool = True

    def project(self, points):
        """Return rows, columns and depth of points of shape (..., 3)."""
        offset = points - self.eye
        depth = offset @ self.forward
        size = self.scale / depth if self.perspective else self.scale
        return (
            self.centre[0] - offset @ self.up * size,
            self.centre[1] + offset @ self.right * size,
            depth,
        )

    def rays(self, rows, columns):
        """Return start and direction of the line of sight of each pixel."""
        aside = (columns - self.centre[1])[..., None] / self.scale * self.right
        aside = aside - (rows - self.centre[0])[..., None] / self.scale * self.up
        if self.perspective:
            return self.eye, self.forward + aside
        return self.eye + aside, self.forward


def render(view, faces):
    """Draw faces into a depth buffer; return depth, colour, normal and glow per pixel."""
    depth = np.full(view.shape, np.inf, np.float32)
    layers = [np.zeros((*view.shape, 3), np.float32) for _ in range(3)]
    for face in faces:
        edges = np.array([0 * face.edge_u, face.edge_u, face.edge_v, face.edge_u + face.edge_v])
        rows, columns, _ = view.project(face.corner + edges)
        low = np.floor([rows.min(), columns.min()]).astype(int).clip(0)
        high = np.minimum(np.ceil([rows.max(), columns.max()]).astype(int) + 1, view.shape)
        if np.any(high <= low):
            continue
        box = slice(low[0], high[0]), slice(low[1], high[1])
        # Where does each line of sight meet the plane, and is that point on the face?
        normal = np.cross(face.edge_u, face.edge_v)
        normal /= np.linalg.norm(normal)
        start, direction = view.rays(*np.mgrid[box].astype(np.float32))
        slant = direction @ normal
        slant = np.where(np.abs(slant) < 1e-6, 1e-6, slant)
        distance = ((face.corner - start) @ normal) / slant
        spot = start + distance[..., None] * direction - face.corner
        across_v = np.cross(face.edge_v, normal)
        across_u = np.cross(face.edge_u, normal)
        a = spot @ across_v / (face.edge_u @ across_v)
        b = spot @ across_u / (face.edge_v @ across_u)
        visible = face.covers(a, b) & (distance < depth[box]) & (distance > 0)
        visible &= spot[..., 1] + face.corner[1] > 0  # nothing shows below the water
        if not visible.any():
            continue
        u, v = a * np.linalg.norm(face.edge_u), b * np.linalg.norm(face.edge_v)
        colour, glow, mask = face.texture(u[visible], v[visible])
        visible[visible] = mask
        if normal @ view.forward > 0:
            normal = -normal
        depth[box][visible] = distance[visible]
        for layer, value in zip(layers, (colour[mask], normal, glow[mask]), strict=True):
            layer[box][visible] = value
    return depth, *layers


def opaque(colour):
    """Complete a texture's answer for a surface that neither glows nor has holes."""
    return colour, np.zeros_like(colour), np.ones(len(colour), bool)


def plain(colour, roughness, rng):
    """Return a texture of one colour with weathering."""
    noise = fractal_noise(rng, (256, 256), 60, slope=1.4)
    base = rgb(colour) ** 2.2

    def texture(u, v):
        weather = 1 + roughness * sample(noise, v * 14, u * 14)
        return opaque(base * np.clip(weather, 0.2, 2)[:, None])

    return texture


def roof_tiles(colour, rng):
    """Return a texture of overlapping tiles, each a little lighter or darker."""
    tint = rng.normal(1, 0.13, (64, 64))
    moss = fractal_noise(rng, (256, 256), 80, slope=1.8)
    base = rgb(colour) ** 2.2

    def texture(u, v):
        row, column = (v / 0.32).astype(int) % 64, (u / 0.28).astype(int) % 64
        lap = 0.62 + 0.45 * (v / 0.32 % 1) ** 0.5
        shade = lap * tint[row, column] * (1 + 0.16 * sample(moss, v * 10, u * 10))
        return opaque(base * shade[:, None])

    return texture


def plaster(colour, height, rng):
    """Return a texture of old plaster: streaks of rain, damp at the foot and under the eaves."""
    noise = fractal_noise(rng, (256, 256), 50, slope=1.4)
    streaks = fractal_noise(rng, (256, 256), 30, slope=1.3, stretch=(7, 1))
    base = rgb(colour) ** 2.2

    def texture(u, v):
        weather = 1 + 0.10 * sample(noise, v * 16, u * 16) + 0.10 * sample(streaks, v * 14, u * 14)
        foot, eaves = np.exp(-v / 0.8), np.exp(-np.clip(height - v, 0, None) / 0.35)
        return opaque(base * (weather * (1 - 0.35 * foot - 0.25 * eaves))[:, None])

    return texture


def facade(colour, width, height, rng, shop=False):
    """Return a plastered wall with rows of framed windows, some of them lit.

    A point's place in its window (x, y from the window's middle, in metres) decides what
    it belongs to: glass, glazing bar, frame, sill, shutter or wall.
    """
    wall = plaster(colour, height, rng)
    frame, shutter = rgb("efe9dc") ** 2.2, rgb(rng.choice(SHUTTERS)) ** 2.2
    has_shutters = rng.random() < 0.6
    columns, floors = max(int(width / 2.3), 1), max(int((height - 0.3) / STOREY), 1)
    lit = rng.random((floors, columns)) < 0.30
    warmth = rng.uniform(0.45, 1.2, (floors, columns))

    def texture(u, v):
        column = np.clip((u / width * columns).astype(int), 0, columns - 1)
        floor = np.clip((v / STOREY).astype(int), 0, floors - 1)
        x = u - (column + 0.5) * width / columns
        y = v - floor * STOREY - 1.75
        is_shop = (floor == 0) & shop
        wide, tall = np.where(is_shop, 0.85, 0.46), np.where(is_shop, 1.15, 0.78)
        in_wall = v < floors * STOREY + 0.1
        level = in_wall & (np.abs(y) < tall)
        opening = level & (np.abs(x) < wide)
        border = in_wall & (np.abs(y) < tall + 0.13) & (np.abs(x) < wide + 0.13) & ~opening
        bar = opening & ((np.abs(x) < 0.05) | (np.abs(y - 0.2) < 0.05))
        reveal = opening & ((y > tall - 0.16) | (x > wide - 0.10))
        sill = in_wall & (np.abs(x) < wide + 0.22) & (np.abs(y + tall + 0.22) < 0.09)
        leaf = level & (np.abs(np.abs(x) - 0.80) < 0.20) & has_shutters & ~is_shop
        burning = opening & lit[floor, column]
        glass = mix(
            np.float32([0.015, 0.02, 0.035]), np.float32([0.10, 0.11, 0.16]), (y + 0.8) / 1.6
        )
        surface = wall(u, v)[0]
        for mask, value in (
            (opening, glass * (1 - 0.6 * reveal)[:, None]),
            (sill, frame * 0.6),
            (leaf, shutter * (0.8 + 0.2 * np.sin(y * 40))[:, None]),
            (border | bar, frame * 0.8),
            (bar & burning, frame * 0.15),
        ):
            surface = np.where(mask[:, None], value, surface)
        curtain = 0.55 + 0.45 * smoothstep(1.0, 0.4, np.abs(x) / wide)
        light = warmth[floor, column] * curtain * (0.8 - 0.35 * y / tall)
        glow = (burning & ~bar) * light
        return surface, glow[:, None] * np.float32([1.7, 0.50, 0.05]), np.ones(u.shape, bool)

    return texture


def foliage(rng, size):
    """Return the texture of a leafy ball that fills a square of the given size."""
    noise = fractal_noise(rng, (256, 256), 50, slope=1.2)
    base = rgb(rng.choice(["33421f", "2b3a22", "46502a", "3a3a1e"])) ** 2.2

    def texture(u, v):
        x, y = u / size - 0.5, v / size - 0.5
        leaf = sample(noise, v * 24 / size, u * 24 / size)
        shade = np.clip(0.9 + 1.1 * y + 0.9 * x + 0.35 * leaf, 0.15, 3)
        colour = base * shade[:, None]
        return colour, np.zeros_like(colour), np.hypot(x, y) + 0.035 * leaf < 0.42

    return texture


def lamp(strength, radius=None):
    """Return a glowing texture: a disc of the given radius, or the whole face."""

    def texture(u, v):
        glow = np.ones((len(u), 3), np.float32) * np.float32(strength)
        inside = np.ones(len(u), bool)
        if radius is not None:
            inside = np.hypot(u - radius, v - radius) < radius
        return np.full_like(glow, 0.5), glow, inside

    return texture


def box_frame(centre, yaw):
    """Return unit vectors to the right and away for a building turned by `yaw`."""
    right = np.array([np.cos(yaw), 0, np.sin(yaw)])
    away = np.array([-np.sin(yaw), 0, np.cos(yaw)])
    return np.array(centre, dtype=float), right, away


def walls(base, right, away, width, length, height, texture_of):
    """Return the four walls of a box that stands on `base`, the middle of its front edge."""
    left = base - right * width / 2
    tall = UP * height
    return [
        Face(left, right * width, tall, texture_of(width)),
        Face(left + away * length, right * width, tall, texture_of(width)),
        Face(left, away * length, tall, texture_of(length)),
        Face(left + right * width, away * length, tall, texture_of(length)),
    ]


def house(rng, base, yaw, size, gable_front, paint, shop=False):
    """Return the faces of a house: walls, gables, a tiled roof with eaves, and a chimney."""
    base, right, away = box_frame(base, yaw)
    width, length, height = size
    tiles, brick = roof_tiles(rng.choice(ROOFS), rng), plain("7b4a3c", 0.15, rng)

    def wall(wide):
        return facade(paint, wide, height, rng, shop)

    faces = walls(base, right, away, width, length, height, wall)
    if not gable_front:
        # Turn the roof by a quarter: the ridge then runs along the front.
        base, right, away = base - right * width / 2 + away * length / 2, away, right
        width, length = length, width
    rise = width * rng.uniform(0.36, 0.55)
    eaves = 0.35
    left = base - right * width / 2 + UP * height
    for end in (0, length):
        gable = facade(paint, width, rise, rng)
        faces.append(Face(left + away * end, right * width, UP * rise, gable, "gable"))
    ridge = base + UP * (height + rise) - away * eaves
    for side in (-1, 1):
        foot = side * right * (width / 2 + eaves) - UP * rise * (1 + 2 * eaves / width)
        faces.append(Face(ridge + foot, away * (length + 2 * eaves), -foot, tiles))
    stack = base + right * width * 0.22 + away * length * rng.uniform(0.2, 0.7)
    stack = stack + UP * (height + rise * 0.4)
    faces += walls(stack, right, away, 0.8, 0.8, rise * 0.6 + 0.9, lambda wide: brick)
    return faces


def spire(base, right, away, width, height, texture):
    """Return a four-sided pyramid roof."""
    faces = []
    middle = base + away * width / 2
    for out, along in ((-away, right), (away, right), (-right, away), (right, away)):
        corner = middle + out * width / 2 - along * width / 2
        faces.append(Face(corner, along * width, UP * height - out * width / 2, texture, "gable"))
    return faces


def church(rng, base):
    """Return a white church with a tall tower and a copper spire."""
    base, right, away = box_frame(base, 0.25)
    stone, copper = plain("e9e0cc", 0.07, rng), plain("5f8f80", 0.16, rng)
    faces = house(rng, base + right * 9, 0.25, (15, 9, 8), False, "e9e0cc")
    shaft, belfry = facade("e9e0cc", 6, 19, rng), facade("e9e0cc", 4.6, 4.5, rng)
    for lower, width, height, skin in (
        (0, 6, 19, shaft),
        (19, 6.6, 0.7, stone),
        (19.7, 4.6, 4.5, belfry),
    ):
        foot = base + UP * lower + away * (6 - width) / 2
        faces += walls(foot, right, away, width, width, height, lambda wide, skin=skin: skin)
    faces += spire(base + UP * 24.2 + away * 0.4, right, away, 5.2, 13, copper)
    return faces


def hill_height(x, z):
    """Return the height of the ground behind the quay: a mound that sinks into the sea."""
    climb = smoothstep(QUAY_Z + 8, 200, z)
    mound = 44 * np.exp(-(((x - 18) / 50) ** 2)) + 14 * np.exp(-(((x + 60) / 40) ** 2))
    return QUAY_TOP + climb * mound - 12 * smoothstep(QUAY_END - 4, QUAY_END + 40, x)


def hillside(rng):
    """Return the ground as two triangles per square of a coarse grid."""
    faces, grass = [], plain("4a4f2c", 0.3, rng)
    step = 12.0
    for x in np.arange(-110, 130, step):
        for z in np.arange(QUAY_Z + 8, 230, step):
            ends = (x, z), (x + step, z), (x, z + step), (x + step, z + step)
            near, near_right, far, far_right = (
                np.array([i, hill_height(i, j), j]) for i, j in ends
            )
            faces.append(Face(near, near_right - near, far - near, grass, "triangle"))
            faces.append(
                Face(far_right, far - far_right, near_right - far_right, grass, "triangle")
            )
    return faces


def tree(rng, base, size):
    """Return a leafy tree as three flat balls that face the viewer."""
    faces = []
    for _ in range(3):
        scale = size * rng.uniform(0.6, 1.0)
        aside, lift = rng.normal(0, size / 4) - scale / 2, rng.uniform(-0.1, 0.4) * size
        corner = np.array(base) + np.array([aside, lift, rng.normal(0, 0.3)])
        faces.append(Face(corner, EAST * scale, UP * scale, foliage(rng, scale)))
    return faces


def hull(rng, length, height, bow):
    """Return the texture of a planked hull: curved sheer, raking bow, rubbing strake."""
    paint = rgb(rng.choice(["ddd6c6", "27435f", "7c2f2a", "b98d45", "23483f", "3a3a40"])) ** 2.2
    noise = fractal_noise(rng, (256, 256), 60, slope=1.3, stretch=(1, 3))

    def texture(u, v):
        t = u / length if bow > 0 else 1 - u / length
        sheer = height * (0.58 + 0.42 * np.clip(1.25 * t - 0.25, 0, 1) ** 2 + 0.08 * (1 - t) ** 2)
        level = v / sheer
        body = (level < 1) & (t > 0.07 - 0.05 * level) & (t < 0.80 + 0.20 * level)
        colour = paint * (0.45 + 0.65 * level - 0.08 * (v * 6 % 1 < 0.15))[:, None]
        for mask, value in (
            (v < 0.16 * height, [0.16, 0.04, 0.03]),
            (np.abs(level - 0.80) < 0.035, [0.6, 0.5, 0.36]),
            (level > 0.94, [0.20, 0.11, 0.05]),
        ):
            colour = np.where(mask[:, None], np.float32(value), colour)
        colour = colour * (1 + 0.14 * sample(noise, v * 30, u * 30))[:, None]
        return colour, np.zeros_like(colour), body

    return texture


def cabin(rng, length, height, bow):
    """Return the texture of a wheelhouse with a sloping front and three windows."""
    lit = rng.random() < 0.6

    def texture(u, v):
        t = u / length if bow > 0 else 1 - u / length
        level = v / height
        pane = (np.abs(level - 0.52) < 0.2) & (np.abs(t * 4 % 1 - 0.5) < 0.3) & (t < 0.8)
        colour = np.where(
            pane[:, None], np.float32([0.03, 0.04, 0.05]), np.float32([0.5, 0.45, 0.37])
        )
        colour = np.where((level > 0.86)[:, None], np.float32([0.24, 0.13, 0.06]), colour)
        return colour, (pane & lit)[:, None] * np.float32([1.5, 0.5, 0.08]), t < 1 - 0.35 * level

    return texture


def boat(rng, x, z, length, mast):
    """Return a boat seen from the side: hull, cabin, mast, furled sail on its boom, stays."""
    height, bow = length * 0.19, rng.choice([-1, 1])
    corner = np.array([x, 0.0, z])
    faces = [Face(corner, EAST * length, UP * height * 1.1, hull(rng, length, height, bow))]
    deck = corner + np.array([length * (0.33 - 0.03 * bow), height * 0.5, 0.3])
    wide, tall = length * 0.34, length * 0.13
    faces.append(Face(deck, EAST * wide, UP * tall, cabin(rng, wide, tall, bow)))
    if mast:
        wood, canvas = plain("6d4a2c", 0.1, rng), plain("9a8a68", 0.25, rng)
        foot = corner + np.array([length * (0.5 + 0.08 * bow), height * 0.6, 0.1])
        boom = np.array([-length * 0.42 * bow, 0.25, 0])
        faces.append(Face(foot, EAST * 0.20, UP * mast, wood))
        faces.append(Face(foot + UP * (length * 0.13), boom, UP * 0.40, canvas))
        top = foot + UP * mast * 0.97
        for end in (0.5 + 0.46 * bow, 0.5 - 0.45 * bow, 0.36, 0.66):
            cleat = corner + EAST * length * end + UP * height * 0.75
            faces.append(Face(cleat, top - cleat, np.array([0.07, 0.03, 0]), wood))
        faces.append(Face(foot + UP * mast * 0.62 - EAST * 0.9, EAST * 2.0, UP * 0.09, wood))
    return faces


def lighthouse(rng, base):
    """Return a banded lighthouse, its lamp alight, at the end of a breakwater."""
    faces, sides = [], 12
    white, red = plain("e9e2d2", 0.06, rng), plain("a33a30", 0.10, rng)
    stone, light = plain("5d564c", 0.25, rng), lamp([5.0, 3.4, 1.5])
    bands = [(0, 4.2, 2.3, white), (4.2, 4, 2.1, red), (8.2, 4, 1.9, white), (12.2, 3, 1.75, red)]
    for bottom, height, radius, texture in [
        *bands,
        (15.2, 0.5, 2.4, stone),
        (15.7, 1.9, 1.2, light),
    ]:
        for side in range(sides):
            turn = 2 * np.pi * np.array([side, side + 1]) / sides
            rim = np.stack([np.cos(turn), 0 * turn, np.sin(turn)], axis=1) * radius
            faces.append(Face(base + rim[0] + UP * bottom, rim[1] - rim[0], UP * height, texture))
    faces += spire(base + UP * 17.6 - NORTH * 1.5, EAST, NORTH, 3.0, 2.4, red)
    for x in np.arange(-46, 8, 2.0):
        rock = base + np.array([x, -base[1] - 0.5, rng.uniform(-0.5, 0.5) - x * 0.25])
        edge = np.array([2.4, 0, rng.uniform(-0.5, 0.5)])
        faces.append(Face(rock, edge, UP * (base[1] + 0.6 + rng.normal(0, 0.25)), stone))
        faces.append(Face(rock + UP * (base[1] + 0.4), edge, np.array([0, 0.3, 4.0]), stone))
    return faces


def quay(rng):
    """Return the harbour wall, its paving, and lamps that already burn."""
    stone, paving, iron = (plain(c, 0.2, rng) for c in ("6f6558", "8a7f70", "20211f"))
    length = QUAY_END + 120
    start = np.array([-120.0, -1.0, QUAY_Z])
    faces = [
        Face(start, EAST * length, UP * (QUAY_TOP + 1), stone),
        Face(start + UP * (QUAY_TOP + 1), EAST * length, NORTH * 10, paving),
    ]
    for x in np.arange(-38, QUAY_END, 13.0):
        foot = np.array([x, QUAY_TOP, QUAY_Z + 0.8])
        faces.append(Face(foot, EAST * 0.14, UP * 4, iron))
        bulb = lamp([3.5, 2.1, 0.8], radius=0.3)
        faces.append(Face(foot + np.array([-0.23, 4, -0.05]), EAST * 0.6, UP * 0.6, bulb))
    return faces


def quay_row(rng):
    """Return the closed row of tall houses along the quay, with shops on the ground floor."""
    faces, x, number = [], -45.0, 0
    while x < QUAY_END - 8:
        width, floors = rng.uniform(6.5, 10), rng.integers(2, 5)
        place = [x + width / 2, QUAY_TOP, QUAY_Z + 7 + rng.uniform(-0.8, 0.8)]
        # Steps of four through the list keep neighbours different.
        size, paint = (width, 10, STOREY * floors + 0.5), PLASTER[4 * number % len(PLASTER)]
        faces += house(rng, place, rng.normal(0, 0.02), size, rng.random() < 0.5, paint, shop=True)
        x += width + (rng.uniform(2, 5) if rng.random() < 0.15 else 0.05)
        number += 1
    return faces


def upper_town(rng):
    """Return the church on the hill, loose rows of houses around it, and trees between."""
    hilltop = np.array([24.0, 165.0])
    faces = church(rng, [hilltop[0], hill_height(*hilltop) - 1, hilltop[1]])
    for z in np.arange(QUAY_Z + 24, 200, 12.0):
        x = -75.0 + rng.uniform(0, 8)
        while x < QUAY_END + 12:
            ground, width = hill_height(x, z), rng.uniform(6.5, 10)
            by_church = np.hypot(x - hilltop[0], z - hilltop[1]) < 18
            if rng.random() < 0.78 and not by_church and ground > 2:
                place = [x, ground - 1.5, z + rng.uniform(-2, 2)]
                size = width, rng.uniform(7, 10), STOREY * rng.integers(2, 4) + 1.5
                yaw, paint = rng.normal(0, 0.25), rng.choice(PLASTER)
                faces += house(rng, place, yaw, size, rng.random() < 0.5, paint)
            x += width + rng.uniform(0.5, 6)
    for _ in range(110):
        x, z = rng.uniform(-80, QUAY_END + 30), rng.uniform(QUAY_Z + 20, 220)
        if hill_height(x, z) > 1:
            faces += tree(rng, [x, hill_height(x, z) - 0.5, z], rng.uniform(4, 8))
    return faces


def town_light(view, layers, sun_view, sun_depth):
    """Light the rendered faces: low warm sun with shadows, blue sky, haze and lamps.

    A point is in shadow if the sun's own view of the scene shows something nearer there.
    """
    depth, colour, normal, glow = layers
    seen = np.isfinite(depth)
    distance = np.where(seen, depth, 1.0)
    rows, columns = np.indices(view.shape).astype(np.float32)
    start, direction = view.rays(rows, columns)
    place = start + distance[..., None] * direction + normal * 0.15
    sun_rows, sun_columns, sun_distance = sun_view.project(place)
    lit = np.zeros(view.shape, np.float32)
    for shift_row, shift_column in ((-1, -1), (-1, 1), (1, -1), (1, 1), (0, 0)):
        blocker = sample(sun_depth, sun_rows + shift_row, sun_columns + shift_column, "nearest")
        lit += (blocker > sun_distance - 0.4) / 5
    sun = lit * np.clip(normal @ LOW_SUN, 0, 1)
    open_sky = 0.6 + 0.4 * normal[..., 1]
    nearby = ndimage.gaussian_filter(np.where(seen, depth, 400.0), 14)
    crevice = 1 - 0.45 * smoothstep(0, 14, distance - nearby)
    light = sun[..., None] * np.float32([3.0, 1.45, 0.66])
    light = light + (open_sky * crevice)[..., None] * np.float32([0.22, 0.25, 0.43])
    picture = colour * light + glow
    haze = 1 - np.exp(-np.clip(distance - 70, 0, None) / 620)
    return mix(picture, np.float32([0.50, 0.34, 0.36]), haze), seen


def sun_camera():
    """Return the view of the harbour from the direction of the sun, without perspective."""
    right = np.cross(UP, -LOW_SUN)
    right /= np.linalg.norm(right)
    up = np.cross(-LOW_SUN, right)
    eye = np.array([20, 0, 120.0]) + LOW_SUN * 400
    return View(eye, right, up, -LOW_SUN, 7.0, (1400, 2200), (700, 1100), perspective=False)


def draw_harbour_town():
    """Draw a harbour town at dusk: a small 3-D model with sun shadows and a mirroring sea.

    The scene is rendered three times: from the sun for the shadows, from the viewer, and
    from the viewer's mirror image below the water for the reflection.
    """
    rng = np.random.default_rng(4)
    faces = quay(rng) + hillside(rng) + lighthouse(rng, np.array([106.0, 2.4, 104.0]))
    faces += quay_row(rng) + upper_town(rng)
    for place_and_size in BOATS:
        faces += boat(rng, *place_and_size)
    sun_view = sun_camera()
    sun_depth = render(sun_view, faces)[0]
    horizon, turn = int(0.56 * SHAPE[0]), 0.35
    right = EAST * np.cos(turn) - NORTH * np.sin(turn)
    forward = EAST * np.sin(turn) + NORTH * np.cos(turn)
    eye, centre = UP * EYE_HEIGHT, (horizon, SHAPE[1] / 2)
    view = View(eye, right, UP, forward, 1180.0, SHAPE, centre)
    mirror = View(-eye, right, -UP, forward, 1180.0, SHAPE, centre)

    rng = np.random.default_rng(23)
    sky = dusk_sky(rng, np.arange(SHAPE[0], dtype=np.float32))
    up = horizon - np.arange(SHAPE[0])
    layers = render(view, faces)
    scene, seen = town_light(view, layers, sun_view, sun_depth)
    scene = np.where(seen[..., None], scene, sky[np.clip(up, 0, None)])
    reflected, seen = town_light(mirror, render(mirror, faces), sun_view, sun_depth)
    reflected = np.where(seen[..., None], reflected, sky[np.clip(-up, 0, None)])

    below = np.broadcast_to(np.clip(-up, 0.5, None)[:, None], SHAPE)
    water_depth = EYE_HEIGHT * view.scale / below
    water = rippled(rng, reflected, water_depth, view, 0.014)
    mirrored_share = np.clip(1.0 - 0.75 * below / (SHAPE[0] - horizon), 0.2, 0.9)
    water = mix(np.float32([0.020, 0.045, 0.060]), water, mirrored_share)
    is_water = (up < 0)[:, None] & (water_depth < layers[0])
    picture = np.where(is_water[..., None], water, scene)
    return tone_map(0.9 * bloom(picture, 9, 0.5))


def rippled(rng, reflected, depth, view, steepness):
    """Disturb a reflection with waves.

    The tilt of the water moves what a pixel sees, mostly up and down. Each pixel averages
    several small facets, so far away, where it spans many waves, the mirror image smears.
    """
    rows, columns = np.indices(SHAPE).astype(np.float32)
    across = (columns - SHAPE[1] / 2) * depth / view.scale
    swell = fractal_noise(rng, (1024, 1024), 60, slope=1.9, stretch=(1, 2.5))
    chop = fractal_noise(rng, (1024, 1024), 12, slope=1.2, stretch=(1, 2))
    calm = smoothstep(-1.5, 1.0, sample(swell, depth * 0.8, across * 0.5))
    wave = sample(swell, depth * 18, across * 12)
    total = np.zeros_like(reflected)
    facets = 7
    for facet in range(facets):
        small = sample(chop, depth * 25 + 140 * facet, across * 25)
        tilt = (0.75 * wave + 0.65 * small) * steepness * (0.35 + calm) * view.scale
        lower = np.clip(rows + 1.6 * tilt, view.centre[0] + 1, SHAPE[0] - 1)
        total += sample(reflected, lower, columns + 0.25 * tilt, "nearest")
    return total / facets


def dusk_sky(rng, rows):
    """Return a sky from violet to orange with lit clouds and three ranges of hazy hills."""
    sky = cloudy_sky(
        rng,
        rows,
        stops=[(0, "eda062"), (0.10, "d98478"), (0.25, "75699a"), (0.52, "23376e")],
        glow=[1.5, 0.72, 0.26],
        cloud_shade=[0.20, 0.14, 0.24],
        cloud_light=[1.15, 0.44, 0.24],
        sun_side=1,
    )
    for number in range(3):
        line = fractal_noise(rng, (8, SHAPE[1]), 600 - 120 * number, slope=1.9)[0]
        top = (70 - 16 * number) + (20 - 3 * number) * line
        land = smoothstep(1, -1, rows[:, None] - top)
        tint = mix(np.float32([0.62, 0.38, 0.40]), np.float32([0.22, 0.19, 0.29]), number / 2)
        sky = mix(sky, tint, land)
    return sky


# ---------------------------------------------------------------------------------------
# Style: swirling strokes
# ---------------------------------------------------------------------------------------

# Colours of a whirl's arms from the middle outwards.
FIRE = ["fff4c4", "ffd14a", "f29a1f", "c9502a", "7a2440"]
FOAM = ["fdf6dc", "cfe9d4", "6cc4bd", "2383a0", "143f86"]
ROSE = ["ffe6c0", "fbb27a", "e8705a", "a83a62", "4a2470"]
# x, y, radius (in units of the picture's height), turning sense and colours of every whirl.
WHIRLS = [
    (1.02, 0.40, 0.36, 1.0, FIRE),
    (0.33, 0.63, 0.28, -1.0, FOAM),
    (0.44, 0.16, 0.15, 1.0, ROSE),
    (0.70, 0.90, 0.13, 1.0, FIRE),
    (1.42, 0.83, 0.16, -1.0, FOAM),
    (1.40, 0.10, 0.11, -1.0, FIRE),
    (0.05, 0.20, 0.13, -1.0, FIRE),
    (0.68, 0.40, 0.07, -1.0, ROSE),
]


def whirl_stream(rng, x, y):
    """Return a stream function: paint flows along its contour lines, never across them."""
    stream = 0.25 * y + 0.04 * np.sin(4.2 * x + 3 * y)
    for centre_x, centre_y, radius, turn, _ in WHIRLS:
        distance = np.hypot(x - centre_x, y - centre_y)
        stream += turn * radius * np.exp(-((distance / radius) ** 1.5))
    return stream + 0.012 * fractal_noise(rng, x.shape, 240, slope=3.5)


def whirl_colours(rng, x, y, stream):
    """Return the colours under the strokes: blue currents, and whirls with spiral arms."""
    drift = fractal_noise(rng, x.shape, 260, slope=2.6)
    band = np.sin(stream * 60 + 0.8 * drift) * 1.1 + 0.4 * drift
    night = [(-1.5, "070d2e"), (-0.5, "11277a"), (0.2, "1d4fae"), (0.9, "3f8cc8"), (1.6, "bfe0d8")]
    colour = gradient_map(band, night)
    for centre_x, centre_y, radius, turn, arms in WHIRLS:
        distance = np.hypot(x - centre_x, y - centre_y) / radius
        around = np.arctan2(y - centre_y, x - centre_x)
        spiral = np.cos(2 * around + turn * 13 * np.sqrt(distance) + 0.4 * drift)
        stops = list(zip(np.linspace(0, 1.1, len(arms)), arms, strict=True))
        paint = gradient_map(distance + 0.34 * spiral * smoothstep(0.05, 0.5, distance), stops)
        reach = 0.90 - 0.42 * spiral + 0.06 * drift
        colour = mix(colour, paint, smoothstep(reach + 0.06, reach - 0.10, distance))
    return colour


class OilPainting:
    """A canvas to lay strokes on: colours, and the relief that the bristles press into them."""

    def __init__(self, rng, angle, colours):
        self.rng, self.angle, self.colours = rng, angle, colours
        self.canvas = colours.copy()
        self.relief = np.zeros(SHAPE, np.float32)

    def trace(self, count, length):
        """Follow the flow from random seeds; return rows and columns, (count, steps) each."""
        rows = self.rng.uniform(-20, SHAPE[0] + 20, count)
        columns = self.rng.uniform(-20, SHAPE[1] + 20, count)
        path = np.empty((2, count, length // 2), np.float32)
        for step in range(length // 2):
            path[:, :, step] = rows, columns
            angle = self.angle[nearest_pixel(rows, columns)]
            rows, columns = rows + 2 * np.sin(angle), columns + 2 * np.cos(angle)
        return path

    def lay(self, count, width, length):
        """Paint `count` strokes, each a ribbon of bristles along the flow.

        A stroke takes its colour from the design under its middle. Every bristle has its
        own lightness and its own ridge, and paint piles up at the borders and at the end.
        """
        rows, columns = self.trace(count, length)
        middle = rows.shape[1] // 2
        paint = self.colours[nearest_pixel(rows[:, middle], columns[:, middle])]
        paint = paint * self.rng.normal(1, 0.15, (count, 1)) + self.rng.normal(0, 0.04, (count, 3))
        # Sample the ribbon closely enough to leave no gaps; it tapers towards both ends.
        across = np.linspace(-1, 1, int(width * 1.6) + 2, dtype=np.float32)
        along = np.linspace(0, 1, rows.shape[1], dtype=np.float32)
        half = 0.5 * width * self.rng.uniform(0.7, 1.2, (count, 1))
        half = half * np.clip(np.minimum(along * 5 + 0.35, (1 - along) * 3.5 + 0.2), 0, 1)
        heading = np.arctan2(np.gradient(rows, axis=1), np.gradient(columns, axis=1))
        row = np.rint(rows[:, :, None] + (np.cos(heading) * half)[:, :, None] * across).astype(int)
        column = columns[:, :, None] - (np.sin(heading) * half)[:, :, None] * across
        column = np.rint(column).astype(int)
        bristles = self.rng.standard_normal((count, 1, len(across)))
        bristles = ndimage.gaussian_filter1d(bristles, 0.8, axis=2)
        ridge = 1 + 0.6 * bristles + 1.1 * np.abs(across) ** 3 + 0.9 * along[:, None] ** 3
        shade = paint[:, None, None, :] * (1 + 0.10 * bristles[..., None])
        inside = (row >= 0) & (row < SHAPE[0]) & (column >= 0) & (column < SHAPE[1])
        at = row[inside], column[inside]
        # Where strokes overlap, the last one written covers the others.
        self.canvas[at] = np.broadcast_to(shade, (*row.shape, 3))[inside]
        self.relief[at] = ridge[inside] * np.sqrt(width)

    def lit(self):
        """Return the painting in light from the upper left, which makes the ridges shine."""
        light, glint = relief_light(ndimage.gaussian_filter(self.relief, 1.0), 0.42)
        return self.canvas * (0.5 + 0.5 * light)[..., None] + 0.20 * glint[..., None]


def nearest_pixel(rows, columns):
    """Return an index for the pixels nearest to some positions, kept inside the picture."""
    return (
        np.clip(rows, 0, SHAPE[0] - 1).astype(int),
        np.clip(columns, 0, SHAPE[1] - 1).astype(int),
    )


def draw_swirling_strokes():
    """Draw spiral whirls of gold, foam and rose in blue currents with thick oil strokes."""
    rng = np.random.default_rng(11)
    x, y = picture_grid()
    stream = whirl_stream(rng, x, y)
    slope_y, slope_x = np.gradient(stream)
    angle = np.arctan2(-slope_x, slope_y)
    painting = OilPainting(rng, angle, whirl_colours(rng, x, y, stream))
    for count, width, length in [(1200, 36, 150), (1600, 24, 110), (1300, 16, 80), (650, 10, 60)]:
        painting.lay(count, width, length)
        painting.lay(count, width, length)
    return painting.lit()


# ---------------------------------------------------------------------------------------
# Style: mosaic
# ---------------------------------------------------------------------------------------

SUN_X, SUN_Y, SUN_RADIUS = 1.02, 0.37, 0.15
WAVE_TOPS = [0.65, 0.76, 0.88, 1.01]
SUN_DISC = [(0, "fff6cc"), (0.5, "ffd24e"), (1, "f08d1e")]
SUNSET = [
    (0, "f8dc90"),
    (0.12, "f2a850"),
    (0.28, "dd6a3a"),
    (0.46, "b23f3c"),
    (0.66, "6f3152"),
    (0.95, "2c2c5c"),
]
# Colours of the rows of stones below a crest; positions count rows.
SEA_BANDS = [
    (0.9, "fbf1d8"),
    (1.1, "c4e6d6"),
    (1.9, "b0dccf"),
    (2.1, "5fc0b4"),
    (3.4, "2c9c9c"),
    (4.0, "0f7480"),
    (4.1, "e0a23c"),
    (4.9, "d9913a"),
    (5.1, "0c5a70"),
    (7, "0a3f5c"),
    (10, "0a2a48"),
]


def wave_crest(x, number):
    """Return the height of one wave's crest line: pointed swells that lean to the right."""
    phase = x * (5.2 - 0.7 * number) + 1.3 * number
    lean = phase + 0.25 * np.sin(2 * phase + 0.8)
    swell = 0.018 * np.sin(2.1 * x + 2.4 * number)
    return WAVE_TOPS[number] - 0.15 * (1 - np.abs(np.sin(lean))) + 0.045 + swell


def mosaic_design(x, y):
    """Return colour, direction of the rows of stones, and region number at every point.

    A change of region makes the stones line up, so rings and bands get numbers of their own.
    """
    distance = np.hypot(x - SUN_X, y - SUN_Y)
    around = np.arctan2(y - SUN_Y, x - SUN_X)
    from_rim = distance - SUN_RADIUS
    ring = np.floor(from_rim / 0.042)
    sky = gradient_map(from_rim + 0.03 * (ring % 2), SUNSET)
    ray = np.floor((around + 0.35 * np.log(distance + 0.1)) / (2 * np.pi) * 26) % 2 == 0
    ray &= from_rim > 0.042
    sky = np.where(
        ray[..., None], mix(sky, rgb("ffdf8a"), 0.62 * np.exp(-1.5 * from_rim)), sky * 0.88
    )
    region = 1000 + 2 * ring + ray
    colour = np.where((from_rim < 0)[..., None], gradient_map(distance / SUN_RADIUS, SUN_DISC), sky)
    region = np.where(from_rim < 0, 900 + np.floor(distance / 0.021), region)
    rim = (from_rim >= 0) & (from_rim < 0.042)
    colour = np.where(rim[..., None], rgb("7d2320"), colour)
    angle = around + np.pi / 2
    for number in range(len(WAVE_TOPS)):
        depth = y - wave_crest(x, number)
        inside = depth > 0
        colour = np.where(inside[..., None], gradient_map(depth / 0.02, SEA_BANDS), colour)
        slope = (wave_crest(x + 0.002, number) - wave_crest(x - 0.002, number)) / 0.004
        angle = np.where(inside, np.arctan(slope), angle)
        region = np.where(inside, 100 * number + np.floor(np.clip(depth, 0, 0.2) / 0.02), region)
    return colour, angle.astype(np.float32), region


def nearest_stones(points, stones, angles, neighbours=6):
    """Return for every point its stone, and how much nearer it is than the next one.

    Distance is measured in the frame of each stone with a norm between circle and square,
    so the cells become rounded squares which line up with the rows.
    """
    _, candidate = spatial.cKDTree(stones).query(points, k=neighbours)
    offset = points[:, None, :] - stones[candidate]
    cosine, sine = np.cos(angles[candidate]), np.sin(angles[candidate])
    along = np.abs(offset[..., 1] * cosine + offset[..., 0] * sine)
    aside = np.abs(offset[..., 0] * cosine - offset[..., 1] * sine)
    length = (along**6 + aside**6) ** (1 / 6)
    order = np.argsort(length, axis=1)[:, :2]
    first, second = np.take_along_axis(length, order, axis=1).T
    stone = np.take_along_axis(candidate, order[:, :1], axis=1)[:, 0]
    return stone, first, second - first


def settle_stones(rng, angle, region, count, rounds):
    """Move random stones to the middle of their cells until they lie in even rows.

    Borders between regions push: pixels on them belong to no cell, so that stones come to
    lie along a border instead of across it.
    """
    rows, columns = np.indices(region.shape)
    border = ndimage.maximum_filter(region, 3) != ndimage.minimum_filter(region, 3)
    free = ~border.ravel()
    points = np.stack([rows.ravel(), columns.ravel()], axis=1).astype(np.float32)
    stones = rng.uniform((0, 0), region.shape, (count, 2)).astype(np.float32)
    for _ in range(rounds):
        at = np.clip(stones, 0, np.array(region.shape) - 1).astype(int)
        stone, _, _ = nearest_stones(points, stones, angle[at[:, 0], at[:, 1]])
        size = np.bincount(stone[free], minlength=count)
        sums = [np.bincount(stone[free], points[free, axis], count) for axis in (0, 1)]
        middle = np.stack(sums, axis=1) / np.maximum(size, 1)[:, None]
        stones = np.where(size[:, None] > 0, middle, stones).astype(np.float32)
    return stones


def draw_mosaic():
    """Draw a sun over waves in small stones that follow the shapes, with grout between."""
    rng = np.random.default_rng(5)
    x, y = picture_grid()
    colour, angle, region = mosaic_design(x, y)
    stones = settle_stones(rng, angle[::2, ::2], region[::2, ::2], 4700, 16) * 2
    at = tuple(np.clip(stones, 0, np.array(SHAPE) - 1).astype(int).T)
    points = np.stack(np.indices(SHAPE).reshape(2, -1), axis=1).astype(np.float32)
    stone, reach, gap = nearest_stones(points, stones, angle[at])
    count = len(stones)
    paint = colour[at] * rng.normal(1, 0.13, (count, 1)) + rng.normal(0, 0.035, (count, 3))
    tilt = rng.normal(0, 0.06, (count, 2))
    offset = (points - stones[stone]) * tilt[stone]
    gap, reach = gap.reshape(SHAPE), reach.reshape(SHAPE)
    dome = np.clip(gap, 0, 7) ** 0.7 + offset.sum(axis=1).reshape(SHAPE)
    chips = fractal_noise(rng, SHAPE, 14, slope=1.3)
    light, glint = relief_light(ndimage.gaussian_filter(dome + 0.12 * chips, 0.8), 0.5)
    face = paint[stone].reshape(*SHAPE, 3) * (1 + 0.05 * chips[..., None])
    face = face * (0.45 + 0.55 * light)[..., None] + 0.10 * glint[..., None]
    mortar = rgb("4a3a30") * (0.8 + 0.12 * chips[..., None])
    return mix(mortar, face, smoothstep(1.6, 3.2, gap + 0.3 * chips) * smoothstep(15, 13, reach))


# ---------------------------------------------------------------------------------------
# Style: woodcut
# ---------------------------------------------------------------------------------------


# Middle, foot and size of the clouds, in units of the picture's height.
WOODCUT_CLOUDS = [
    (0.16, 0.235, 0.075),
    (0.98, 0.20, 0.095),
    (1.07, 0.415, 0.050),
    (1.36, 0.36, 0.070),
]


def cut_lines(rng, phase, tone, spacing):
    """Return ink (0 to 1) of lines cut along the contours of `phase`, wider where dark.

    `phase` is in pixels; lines lie `spacing` pixels apart. Slow noise makes the hand of
    the cutter: lines swell, thin out and break.
    """
    hand = fractal_noise(rng, phase.shape, 50, slope=2.2)
    fine = fractal_noise(rng, phase.shape, 10, slope=1.6)
    position = (phase + 1.2 * hand) / spacing
    from_middle = 2 * np.abs(position - np.floor(position) - 0.5)
    width = np.clip(tone + 0.10 * hand + 0.05 * fine, 0, 1)
    edge = 2.4 / spacing
    return smoothstep(edge / 2, -edge / 2, from_middle - width)


class WoodBlocks:
    """Three blocks to print from: black lines, a warm ink and a cool ink, each from 0 to 1."""

    def __init__(self):
        self.key, self.warm, self.cool = np.zeros((3, *SHAPE), np.float32)

    def cut(self, depth, lines, warm, cool, outline=3.0):
        """Cut a shape into all blocks; `depth` is how far inside it a point lies, in pixels."""
        inside = depth > 0
        for block, value in ((self.key, lines), (self.warm, warm), (self.cool, cool)):
            block[:] = np.where(inside, value, block)
        self.key[:] = np.maximum(self.key, smoothstep(outline + 1.2, outline - 1.2, np.abs(depth)))

    def printed(self, rng):
        """Print both inks and then the lines on paper.

        The colour blocks show the grain of their wood and sit a little off register.
        """
        grain = fractal_noise(rng, SHAPE, 60, slope=1.5, stretch=(0.25, 8))
        fibre = fractal_noise(rng, SHAPE, 8, slope=1.0)
        sheet = rgb("efe4cb") * (1 + 0.018 * fibre[..., None])
        for block, offset, ink in ((self.warm, (3, -4), "d95f36"), (self.cool, (-3, 3), "2c7f8e")):
            shifted = ndimage.shift(block, offset, order=1, mode="nearest")
            cover = np.clip(shifted * (0.86 + 0.11 * grain + 0.04 * fibre), 0, 1)
            sheet = sheet * mix(np.ones(3, np.float32), rgb(ink), cover)
        worn = smoothstep(-3.2, -1.2, fibre + 0.5 * grain)
        return mix(sheet, rgb("1c1a1b"), self.key * (0.82 + 0.14 * worn))


def cloud_depth(x, y):
    """Return how far inside the nearest cloud a point lies: heaps of discs with flat feet."""
    depth = np.full(x.shape, -9.0, np.float32)
    for centre_x, foot, size in WOODCUT_CLOUDS:
        for offset, radius in ((-1.5, 0.42), (-0.8, 0.75), (0.1, 1.0), (0.95, 0.7), (1.6, 0.4)):
            across, down = x - centre_x - offset * size, y - foot + 0.3 * radius * size
            disc = radius * size - np.hypot(across, down)
            depth = np.maximum(depth, np.minimum(disc, foot - y))
    return depth


def cut_sky(rng, block, x, y):
    """Cut a streaming sky, a sun of rings and heaped clouds."""
    pixels = SHAPE[0]
    from_sun = np.hypot(x - 0.47, y - 0.31)
    stream = fractal_noise(rng, SHAPE, 420, slope=3.2, stretch=(1, 2.2))
    phase = (y + 0.024 * stream + 0.02 * np.sin(5 * x)) * pixels
    halo = np.exp(-((from_sun / 0.27) ** 2))
    tone = np.clip(0.58 - 0.72 * y + 0.22 * stream - 0.42 * halo, 0.05, 0.9)
    lines = cut_lines(rng, phase, tone, 14)
    warm, cool = 0.62 * smoothstep(0.05, 0.5, y), 0.8 * smoothstep(0.44, 0.0, y)
    block.cut(np.full(SHAPE, 99), lines, warm, cool)
    rings = cut_lines(rng, from_sun * pixels, 0.36 * smoothstep(0.02, 0.14, from_sun), 11)
    block.cut((0.14 - from_sun) * pixels, rings, 1.0, 0.0)
    depth = cloud_depth(x, y)
    shade = smoothstep(0.05, 0.0, depth) * 0.30 + 0.10 * stream
    lines = cut_lines(rng, depth * pixels, np.clip(shade, 0, 0.6), 11)
    block.cut(depth * pixels, lines, 0.10, 0.12 * smoothstep(0.05, 0.0, depth), 2.6)


def ridge_line(rng, number):
    """Return a jagged line of peaks across the picture, from about -1 to 1.

    The valley floor of every octave is cut off, which leaves peaks with sharp tops.
    """
    line = np.zeros(SHAPE[1], np.float32)
    for octave in range(6):
        size = (420 - 90 * number) / 2**octave
        wave = fractal_noise(rng, (8, SHAPE[1]), size, slope=5)[0]
        line += (1 - 1.3 * np.abs(wave)) * 0.55**octave
    line -= line.mean()
    return line / np.abs(line).max()


def cut_mountains(rng, block, x, y):
    """Cut three ranges whose hatching runs down the slopes, dark where they face away."""
    pixels = SHAPE[0]
    for number in range(3):
        top = 0.52 + 0.05 * number - (0.20 - 0.05 * number) * ridge_line(rng, number)
        depth = y - top
        slope = ndimage.gaussian_filter1d(np.gradient(top) * pixels, 8)
        spur = fractal_noise(rng, SHAPE, 70, slope=2.3, stretch=(2, 1))
        slant = y - ndimage.gaussian_filter1d(top, 30)
        phase = (0.7 * slant + 0.45 * x) * pixels + 4 * spur
        facing = np.tanh(-1.5 * slope) + 0.45 * spur
        tone = np.clip(0.22 + 0.10 * number + 0.48 * facing - 0.8 * depth, 0.04, 0.93)
        lines = cut_lines(rng, phase, tone, 10 + 2 * number)
        block.cut(depth * pixels, lines, 0.30 - 0.14 * number, 0.05 + 0.28 * number)


def cut_waves(rng, block, x, y):
    """Cut four swells: bright scalloped foam along the crests, lines that follow the water."""
    pixels = SHAPE[0]
    for number in range(4):
        angle = x * (6.5 - 0.9 * number) + 2.2 * number
        roll = angle + 0.6 * np.sin(angle)
        depth = y - (0.67 + 0.10 * number - (0.034 + 0.018 * number) * np.sin(roll))
        phase = (depth + 0.02 * np.sin(2 * angle + 30 * depth)) * pixels
        tone = np.clip(0.32 + 0.42 * np.cos(roll) + 2.6 * depth, 0.04, 0.95)
        lines = cut_lines(rng, phase, tone, 11 + 2.2 * number)
        block.cut(depth * pixels, lines, 0.0, np.clip(0.35 + 5 * depth, 0, 1))
        scallop = 0.010 + 0.004 * number
        wander = fractal_noise(rng, (8, SHAPE[1]), 200, slope=2.5)[0]
        beads = np.abs(np.sin(x * (46 - 8 * number) + 2.5 * wander))
        rim = scallop * (0.5 + np.clip(np.sin(roll), -0.4, 1) * 0.9 + 1.1 * beads)
        foam = np.minimum(depth, rim - depth) * pixels
        dots = cut_lines(rng, phase, 0.16 * smoothstep(0.3, 1, depth / rim), 7)
        block.cut(foam, dots, 0.0, 0.05, 2.2)


def draw_woodcut():
    """Draw sun, clouds, mountains and swells as a woodcut: black lines over two muted inks."""
    rng = np.random.default_rng(21)
    x, y = picture_grid()
    block = WoodBlocks()
    cut_sky(rng, block, x, y)
    cut_mountains(rng, block, x, y)
    cut_waves(rng, block, x, y)
    return block.printed(rng)


# ---------------------------------------------------------------------------------------
# Style: watercolour
# ---------------------------------------------------------------------------------------


WASHES = ["f6d36b", "f7b6a0", "8fd6cc", "86c0ea", "c9b0e6", "f7a3b8", "c3e296"]
LEAVES = ["2fa06b", "1f8f8a", "6fb03a", "92bc3c", "2d7f9f"]
PETALS = {
    "red": ["ea2a2e", "f2563a", "e01f55"],
    "violet": ["8438c8", "b23fb8", "5a4fd8"],
    "orange": ["fa9a1a", "fdc22a", "f2682a"],
    "pink": ["f0488e", "f986ae", "da309c"],
    "blue": ["2c6cdc", "3aa4e6", "5a52dc"],
}
# Hue, middle and radius of every flower, the farthest first.
BOUQUET = [
    ("violet", (0.75, 0.13), 0.13),
    ("orange", (1.38, 0.17), 0.15),
    ("blue", (0.10, 0.17), 0.14),
    ("pink", (1.06, 0.36), 0.24),
    ("violet", (0.12, 0.72), 0.18),
    ("blue", (1.30, 0.74), 0.20),
    ("red", (0.44, 0.42), 0.28),
    ("orange", (0.80, 0.76), 0.21),
]


class WetPaper:
    """A sheet that collects pigment: every wash absorbs light on its way through."""

    def __init__(self, rng):
        self.rng = rng
        self.absorbed = np.zeros((*SHAPE, 3), np.float32)
        self.tooth = fractal_noise(rng, SHAPE, 9, slope=1.1)
        big = (2048, 2048)
        self.coarse = fractal_noise(rng, big, 260, slope=2.2)
        self.fine = fractal_noise(rng, big, 40, slope=1.7)
        self.flow = fractal_noise(rng, big, 330, slope=2.0)

    def crop(self, field, shape):
        """Cut a random piece out of a large noise field."""
        row = self.rng.integers(0, field.shape[0] - shape[0])
        column = self.rng.integers(0, field.shape[1] - shape[1])
        return field[row : row + shape[0], column : column + shape[1]]

    def blot(self, centre, size, colour, strength=1.0, turn=0.0, wet=0.15, ragged=0.16, lift=0):
        """Let a blot of pigment dry: a ragged ellipse with a dark rim and uneven middle.

        `size` is (length, width) in picture heights; `wet` from 0 to 1 softens the rim, as
        on paper that has not dried yet. `lift` takes that share of older pigment away.
        """
        reach = max(size) * (1.7 + wet)
        low, high = np.array(centre) - reach, np.array(centre) + reach
        (left, top), (right, bottom) = np.clip((low, high), 0, (1.5, 1)) * SHAPE[0] // 1
        box = slice(int(top), int(bottom)), slice(int(left), int(right))
        if bottom - top < 4 or right - left < 4:
            return
        rows, columns = np.mgrid[box].astype(np.float32) / SHAPE[0]
        across, down = columns - centre[0], rows - centre[1]
        along = (across * np.cos(turn) + down * np.sin(turn)) / size[0]
        aside = (down * np.cos(turn) - across * np.sin(turn)) / size[1]
        coarse, fine = self.crop(self.coarse, rows.shape), self.crop(self.fine, rows.shape)
        flow = self.crop(self.flow, rows.shape)
        edge = np.hypot(along, aside) - 1 + ragged * coarse + 0.25 * ragged * fine
        inside = -edge * min(size) * SHAPE[0]
        softness = 2 + 70 * np.clip(wet + 0.45 * wet * flow, 0, 2)
        body = smoothstep(-0.5 * softness, 0.5 * softness, inside)
        rim = np.exp(-np.clip(inside - 2, 0, None) / 5) * np.clip(1 - 2.2 * wet, 0, 1)
        pool = np.clip(0.62 + 0.30 * flow + 0.10 * fine, 0.12, 2)
        grain = 1 + 0.16 * self.tooth[box]
        amount = strength * body * (pool + 0.75 * rim) * grain
        pigment = -np.log(np.clip(rgb(colour), 0.02, 0.99))
        self.absorbed[box] *= 1 - lift * body[..., None]
        self.absorbed[box] += amount[..., None] * pigment

    def finished(self):
        """Return the dry sheet, with the paper's tooth visible in the light."""
        light, _ = relief_light(ndimage.gaussian_filter(self.tooth, 1.0), 0.10)
        paper = rgb("fbf6ea") * (0.9 + 0.1 * light)[..., None]
        return paper * np.exp(-self.absorbed)


def paint_flower(sheet, rng, centre, radius, colours):
    """Paint one loose flower: overlapping petals, a bleeding heart and dots of stamens."""
    start = rng.uniform(0, 2 * np.pi)
    petals = rng.integers(5, 8)
    for petal in range(petals):
        turn = start + petal * 2 * np.pi / petals + rng.normal(0, 0.12)
        out = radius * rng.uniform(0.50, 0.62)
        place = centre[0] + out * np.cos(turn), centre[1] + out * np.sin(turn) * 0.85
        size = radius * rng.uniform(0.55, 0.7), radius * rng.uniform(0.38, 0.52)
        strength = rng.uniform(0.65, 1.05)
        sheet.blot(place, size, rng.choice(colours), strength, turn, 0.05, 0.12, lift=0.85)
        near = centre[0] + 0.5 * out * np.cos(turn), centre[1] + 0.5 * out * np.sin(turn)
        sheet.blot(near, (size[0] * 0.5, size[1] * 0.35), rng.choice(colours), 0.75, turn, 0.3)
    sheet.blot(centre, (radius * 0.26, radius * 0.24), "4a1d5c", 0.5, 0, 0.5, 0.3, lift=0.3)
    sheet.blot(centre, (radius * 0.15, radius * 0.13), "24113c", 1.0, 0, 0.15, 0.25)
    for _ in range(30):
        turn, out = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.18, 0.38)
        place = centre[0] + out * np.cos(turn), centre[1] + out * np.sin(turn)
        dot = radius * rng.uniform(0.012, 0.032)
        sheet.blot(place, (dot, dot), rng.choice(["2b1440", "6a2a10"]), 1.0, 0, 0.0, 0.1)


def paint_leaves(sheet, rng, centre, radius):
    """Paint a stem that leads down from a flower, and leaves to both sides of it."""
    bend = rng.uniform(0.10, 0.22) * rng.choice([-1, 1])
    lowest = 1.08 - centre[1]
    for t in np.arange(0.0, lowest, 0.006):
        place = centre[0] + bend * t * (1 + t), centre[1] + t
        width = 0.0045 + 0.001 * np.sin(40 * t)
        sheet.blot(place, (width, width), "4f8a34", 0.26, 0, 0.25, 0.2)
    for _ in range(7):
        t = rng.uniform(radius * 0.7, max(lowest, radius))
        side = rng.choice([-1, 1])
        turn = np.pi / 2 + side * rng.uniform(0.5, 1.3)
        length = rng.uniform(0.06, 0.12)
        place = centre[0] + bend * t * (1 + t) - side * length * 0.8, centre[1] + t - 0.3 * length
        size, colour = (length, length * rng.uniform(0.22, 0.36)), rng.choice(LEAVES)
        sheet.blot(place, size, colour, 0.75, -turn, rng.choice([0.02, 0.15]), 0.13)


def draw_watercolour():
    """Draw loose flowers in transparent washes with dark rims, granulation and splashes."""
    rng = np.random.default_rng(3)
    sheet = WetPaper(rng)
    for _ in range(34):
        place = rng.uniform(0, 1.5), rng.uniform(0, 1)
        size, turn = (rng.uniform(0.15, 0.32), rng.uniform(0.10, 0.2)), rng.uniform(0, 3)
        strength, wet = rng.uniform(0.4, 0.8), rng.choice([0.1, 0.6])
        sheet.blot(place, size, rng.choice(WASHES), strength, turn, wet)
    for _, centre, radius in BOUQUET:
        paint_leaves(sheet, rng, centre, radius)
    for hue, centre, radius in BOUQUET:
        paint_flower(sheet, rng, centre, radius, PETALS[hue])
    colours = [colour for hue in PETALS.values() for colour in hue]
    for _ in range(190):
        dot = 0.0015 + 0.007 * rng.random() ** 3
        place = rng.uniform(0, 1.5), rng.uniform(0, 1)
        sheet.blot(place, (dot, dot * 0.9), rng.choice(colours), 0.9, 0, 0.0, 0.1)
    return sheet.finished()


PICTURES = {
    "mountain_lake": draw_mountain_lake,
    "harbour_town": draw_harbour_town,
    "swirling_strokes": draw_swirling_strokes,
    "mosaic": draw_mosaic,
    "woodcut": draw_woodcut,
    "watercolour": draw_watercolour,
}


def main():
    """Read the command line and write the pictures."""
    default = Path(__file__).resolve().parent.parent / "nst_helpers" / "data"
    parser = argparse.ArgumentParser(description="Draw the pictures that ship with the package.")
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=list(PICTURES))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        start = time.perf_counter()
        path = arguments.folder / f"{name}.jpg"
        save_picture(PICTURES[name](), path)
        seconds = time.perf_counter() - start
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {seconds:.1f} s")


if __name__ == "__main__":
    main()
