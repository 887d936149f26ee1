"""Colour profiles for the tests, byte by byte (ICC.1:2001-04), as none may be at hand."""

import struct

import numpy as np

# Columns: the XYZ of red, green and blue, seen under D50.
SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]]
)
DISPLAY_P3 = np.array(
    [[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
ADOBE_RGB = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
D50 = (0.9642, 1, 0.8249)


def rgb_profile(primaries, gamma):
    """Profile of a space with these primaries whose light is value ** gamma."""
    colours = {f"{name}XYZ": xyz(column) for name, column in zip("rgb", primaries.T, strict=True)}
    return profile("RGB ", "XYZ ", {**colours, **{f"{name}TRC": curve(gamma) for name in "rgb"}})


def gray_profile(gamma):
    return profile("GRAY", "XYZ ", {"kTRC": curve(gamma)})


def cmyk_profile(lab):
    """Profile of an odd press: paper of this colour, on which black alone of its inks is seen."""
    paper = bytes([round(lab[0] * 2.55), lab[1] + 128, lab[2] + 128])
    black = bytes([0, 128, 128])
    identity = struct.pack(">9i", *(np.eye(3).ravel() * 65536).astype(int))
    ramp = bytes(range(256))
    table = (
        b"mft1"
        + bytes([0, 0, 0, 0, 4, 3, 2, 0])
        + identity
        + ramp * 4
        + (paper + black) * 8
        + ramp * 3
    )
    return profile("CMYK", "Lab ", {"A2B0": table})


def profile(space, connection, tags):
    tags = {"wtpt": xyz(D50), **tags}
    table, data, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name.encode(), start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s28x12s48x",
        start + len(data),
        bytes(4),
        0x02100000,
        b"mntr",
        space.encode(),
        connection.encode(),
        bytes(12),
        b"acsp",
        xyz(D50)[8:],
    )
    assert len(header) == 128
    return header + table + data


def xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def curve(gamma):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def encode(srgb, primaries, gamma):
    """The numbers by which a space with these primaries means the same colours as sRGB's.

    Args:
        srgb: uint8 array of shape (rows, cols, 3).
        primaries, gamma: Those of the space.

    Returns:
        uint8 array of the same shape.
    """
    light = srgb_light(srgb) @ (np.linalg.inv(primaries) @ SRGB).T
    return np.rint(255 * light.clip(0, 1) ** (1 / gamma)).astype("uint8")


def srgb_light(values):
    """Light that sRGB means by these values from 0 to 255 (IEC 61966-2-1)."""
    x = values / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
