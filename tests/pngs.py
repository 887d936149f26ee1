"""PNG files for the tests, chunk by chunk, since Pillow doesn't write the rare kinds."""

import struct
import zlib

GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6  # the standard's colour types


def png(rows, colour, bits, **chunks):
    """A PNG file.

    Args:
        rows: Rows of pixels, each a list of numbers, or of one tuple of numbers for each pixel.
        colour: Its colour type.
        bits: Of each number: 1, 2, 4, 8 or 16.
        **chunks: Bytes of further chunks by their names, in the order of the file.
    """
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), bits, colour, 0, 0, 0)
    pixels = b"".join(b"\0" + _packed(row, bits) for row in rows)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name.encode(), data)
        for name, data in [
            ("IHDR", header),
            *chunks.items(),
            ("IDAT", zlib.compress(pixels)),
            ("IEND", b""),
        ]
    )


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def gamma(value):
    """A gAMA chunk: light = stored value ** (1 / gamma)."""
    return struct.pack(">I", round(value * 100_000))


def chromaticities(*numbers):
    """A cHRM chunk: x and y of white, red, green and blue."""
    return struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def shorts(*numbers):
    return struct.pack(f">{len(numbers)}H", *numbers)


def _packed(row, bits):
    numbers = [number for pixel in row for number in (pixel if type(pixel) is tuple else [pixel])]
    digits = "".join(f"{int(number):0{bits}b}" for number in numbers)
    digits += "0" * (-len(digits) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8, "big")
