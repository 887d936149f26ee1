"""Reads picture files whose last bytes are missing though their pixels are there.

Other viewers show such files, Pillow refuses them. How much of a picture depends on what is missing
shows when different bytes are put in its place: a pixel that stays the same is in the file.
"""

import numpy as np

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
FILLERS = b"", bytes(range(1, 255)) * 2, bytes(range(254, 0, -1)) * 2
MOST_LOST = 0.1  # of the pixels, all of them in the last rows
BLOCK = 16  # rows that a JPEG codes together at most


def mend(data, decode):
    """Decodes a picture file that lacks its end.

    Args:
        data: Its bytes.
        decode: Function from bytes to a loaded PIL image.

    Returns:
        The image, and how many of its last rows are uncertain. None if more is missing.
    """
    jpeg = data.startswith(JPEG_START)
    if jpeg and not _has_every_scan(data):
        return None
    start = data.rstrip(b"\xff") if jpeg else data  # half an end marker
    fillers = [filler + JPEG_END for filler in FILLERS] if jpeg else [bytes(512), b"\xff" * 512]
    try:
        images = [decode(start + filler) for filler in fillers]
    except Exception:  # each of Pillow's decoders raises errors of its own
        return None
    if len({(image.mode, image.size) for image in images}) > 1:
        return None
    first = np.asarray(images[0])
    uncertain = np.zeros(first.shape[:2], bool)
    for image in images[1:]:
        differs = np.asarray(image) != first
        uncertain |= differs if differs.ndim == 2 else differs.any(axis=2)
    lost = _lost_rows(uncertain)
    return None if lost is None else (images[0], lost)


def is_cut(data, image):
    """Whether a JPEG file ends before its picture does, though it has an end marker.

    Its decoder fills what is missing with gray.

    Args:
        data: The file's bytes.
        image: The loaded PIL image.
    """
    if not data.startswith(JPEG_START):
        return False
    corner = np.asarray(image.crop((image.width - 8, image.height - 8, *image.size)))
    return bool((corner == (127 if image.mode == "CMYK" else 128)).all())


def is_coarse(data, image):
    """Whether a progressive JPEG file ends before its last scans, though it has an end marker."""
    progressive = data.startswith(JPEG_START) and "progressive" in image.info
    return progressive and not _has_every_scan(data)


def without_end(data):
    """A JPEG's bytes up to its last end marker."""
    place = data.rfind(JPEG_END)
    return data if place < 0 else data[:place]


def _lost_rows(uncertain):
    """Number of rows from the first uncertain pixel on; None if too much is uncertain."""
    if not uncertain.any():
        return 0
    rows, cols = uncertain.shape
    first, left = uncertain.any(axis=1).argmax(), uncertain.any(axis=0).argmax()
    start = (rows - 1) // BLOCK * BLOCK - 2  # rows above are smoothed with those of a block
    lost = (rows - first) * (cols - left) / uncertain.size
    return int(rows - first) if first >= start and lost <= MOST_LOST else None


def _has_every_scan(data):
    """Whether a JPEG has the last bits of all coefficients.

    A progressive one adds them scan by scan; without the last scans it is shown, but coarsely.
    """
    components, found, place = None, set(), 2
    while (place := data.find(b"\xff", place)) >= 0 and place + 4 <= len(data):
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        body = data[place + 4 : place + 2 + length]
        if marker in (0x00, 0xFF, 0x01) or 0xD0 <= marker <= 0xD9:  # in the pixels, or bare
            place += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 6:
            components = {body[at] for at in range(6, len(body) - 2, 3)}
        elif marker == 0xDA and body and len(body) >= 4 + 2 * body[0]:
            first, last, bits = body[1 + 2 * body[0] :][:3]
            names = body[1 : 1 + 2 * body[0] : 2]
            if not bits & 0x0F:  # it brings the last bits
                found |= {(name, k) for name in names for k in range(first, min(last, 63) + 1)}
        place += 2 + length
    return bool(components) and found >= {(name, k) for name in components for k in range(64)}
