"""Opens pictures damaged at random, in a process of its own: a crash of it must not be pytest's.

python tests/damage.py 1234 1235 repeats one try. Each try is one line: its kind and outcome.
"""

import contextlib
import faulthandler
import io
import sys
import warnings
import zlib

import numpy as np
import profiles
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import nst_helpers as nst

SEED = 20150826  # the day of Gatys's paper
SECONDS = 5
MEMORY = 3 << 30


def originals():
    """Bytes of small pictures, one of each kind."""
    photo = Image.open(nst.picture("mountain_lake")).resize((96, 64))
    red = Image.new("RGB", photo.size, "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    camera = {"exif": exif, "icc_profile": profiles.rgb_profile(profiles.DISPLAY_P3, 2.2)}
    notes = PngInfo()
    notes.add_text("Comment", "What a program may write beside the pixels. " * 200)
    several = {"save_all": True, "append_images": [red]}
    floats = Image.fromarray(np.asarray(photo.convert("L")) / np.float32(255))
    kinds = {
        "JPEG": (photo, "JPEG", {}),
        "JPEG progressive": (photo, "JPEG", {"progressive": True}),
        "JPEG CMYK": (photo.convert("CMYK"), "JPEG", {}),
        "JPEG of a camera": (photo, "JPEG", camera),
        "PNG": (photo, "PNG", {"pnginfo": notes}),
        "PNG palette": (photo.quantize(64), "PNG", {"transparency": 3}),
        "PNG of a camera": (photo.convert("RGBA"), "PNG", camera),
        "GIF": (photo, "GIF", several),
        "TIFF": (photo, "TIFF", several),
        "TIFF LZW": (photo, "TIFF", {"compression": "tiff_lzw", **camera}),
        "TIFF float": (floats, "TIFF", {}),
        "WEBP": (photo, "WEBP", camera),
        "WEBP several": (photo, "WEBP", {"lossless": True, **several}),
        "BMP": (photo, "BMP", {}),
        "BMP palette": (photo.quantize(16), "BMP", {}),
        "JPEG 2000": (photo, "JPEG2000", {}),
        "ICO": (photo.resize((32, 32)), "ICO", {}),
    }
    if ".avif" in Image.registered_extensions():
        kinds["AVIF"] = (photo, "AVIF", {"speed": 10})
    data = {}
    for kind, (image, format, options) in kinds.items():
        file = io.BytesIO()
        image.save(file, format, **options)
        data[kind] = file.getvalue()
    return data


def damaged(data, rng):
    """The bytes with one to three things wrong."""
    data = bytearray(data)
    for harm in rng.choice(HARMS, rng.integers(1, 4)):
        harm(data, rng)
    if data.startswith(b"\x89PNG") and rng.random() < 0.7:
        sign_chunks(data)
    return bytes(data)


def sign_chunks(data):
    """Makes a PNG's checksums right, without which no damage would come past them."""
    place = 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        data[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4, "big")
        place = end + 4


def flip_bits(data, rng):
    for place in rng.integers(0, len(data), rng.integers(1, 10)):
        data[place] ^= 1 << rng.integers(8)


def truncate(data, rng):
    del data[rng.integers(1, len(data) + 1) :]


def swap_blocks(data, rng):
    size = int(rng.integers(1, 2 + len(data) // 2))
    one, other = sorted(rng.integers(0, len(data) - size + 1, 2))
    block = bytes(data[one : one + size])
    data[one : one + size] = data[other : other + size]
    data[other : other + size] = block


def spoil_header(data, rng):
    for place in rng.integers(0, min(len(data), 64), rng.integers(1, 6)):
        data[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])


def insert_bytes(data, rng):
    place = rng.integers(0, len(data) + 1)
    data[place:place] = rng.bytes(rng.integers(1, 200))


HARMS = [flip_bits, truncate, swap_blocks, spoil_header, insert_bytes]


def outcome(data):
    try:
        image = nst.load_image(data)
    except nst.ImageError as error:
        return "refused" if "\n" not in str(error) else f"more than one line: {error!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error!r}"
    good = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size
    return "picture" if good else f"{image.dtype} {image.shape}"


def limit_memory():
    with contextlib.suppress(ImportError, ValueError):  # Windows and macOS keep no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main(first, end):
    warnings.simplefilter("ignore")
    limit_memory()
    pictures = list(originals().items())
    for number in range(first, end):
        kind, data = pictures[number % len(pictures)]
        data = damaged(data, np.random.default_rng([SEED, number]))
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        print(kind, outcome(data), sep="\t", flush=True)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
