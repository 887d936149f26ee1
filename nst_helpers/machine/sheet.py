"""A contact sheet: pictures in rows and columns with their labels, drawn by Pillow."""

import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

CELL = 256  # pixels that a picture is wide, and at most high
GAP, MARGIN, FONT_SIZE, LINE = 8, 8, 15, 20
WHITE, INK, PALE, RED = "white", "#222222", "#eeeeee", "#a01010"


def contact_sheet(cells, row_labels, column_labels):
    """Draws pictures side by side and one below the other.

    Args:
        cells: A list of rows; each holds pictures, uint8 of shape (rows, cols, 3), or texts to
            write into a picture's place, or None where there is nothing yet.
        row_labels, column_labels: A text for each row and column; empty ones take no room.

    Returns:
        Array of shape (rows, cols, 3), uint8, RGB.
    """
    font = ImageFont.load_default(FONT_SIZE)
    left, top = _room(row_labels, font, 0), _room(column_labels, font, 1)
    rows, columns, height = len(cells), len(column_labels), _height(cells)
    size = left + MARGIN + columns * (CELL + GAP), top + MARGIN + rows * (height + GAP)
    sheet = Image.new("RGB", size, WHITE)
    draw = ImageDraw.Draw(sheet)
    for column, label in enumerate(column_labels):
        place = left + column * (CELL + GAP) + CELL // 2, top - GAP
        draw.text(place, _wrapped(label), INK, font, "md", align="center")
    for row, (label, pictures) in enumerate(zip(row_labels, cells, strict=True)):
        y = top + row * (height + GAP)
        draw.multiline_text(
            (left - GAP, y + height // 2), _wrapped(label), INK, font, "rm", align="right"
        )
        for column, content in enumerate(pictures):
            sheet.paste(_cell(content, height, font), (left + column * (CELL + GAP), y))
    return np.asarray(sheet)


def _height(cells):
    """That of all cells: no more than the highest picture takes, so that rows stand close."""
    shapes = [content.shape for row in cells for content in row if isinstance(content, np.ndarray)]
    highest = max((round(CELL * rows / cols) for rows, cols, _ in shapes), default=CELL)
    return min(max(highest, CELL // 2), CELL)  # an error needs some lines


def _room(labels, font, side):
    """Pixels that the labels take, in width (side 0) or in height (side 1)."""
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    boxes = [draw.multiline_textbbox((0, 0), _wrapped(label), font) for label in labels if label]
    return MARGIN + max((int(box[2 + side] - box[side]) + 2 * GAP for box in boxes), default=0)


def _wrapped(text, width=30):
    return "\n".join(line for part in text.splitlines() for line in textwrap.wrap(part, width))


def _cell(content, height, font):
    if content is None or isinstance(content, str):
        cell = Image.new("RGB", (CELL, height), PALE)
        if content:
            text = "\n".join(_wrapped(content).splitlines()[: height // LINE])
            place = CELL // 2, height // 2
            ImageDraw.Draw(cell).multiline_text(place, text, RED, font, "mm", align="center")
        return cell
    return ImageOps.pad(Image.fromarray(content), (CELL, height), Image.Resampling.LANCZOS, WHITE)
