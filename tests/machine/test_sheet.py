"""Contact sheets: where the pictures are, and that labels and texts are drawn."""

import numpy as np

from nst_helpers.machine.sheet import CELL, GAP, contact_sheet

BLUE = np.full((20, 40, 3), (0, 0, 255), "uint8")


def blue(sheet):
    return (sheet == (0, 0, 255)).all(axis=-1)


def test_pictures_are_as_large_as_their_cells_allow():
    sheet = contact_sheet([[BLUE, None], [None, BLUE]], ["", ""], ["", ""])
    assert blue(sheet).sum() == 2 * CELL * CELL // 2  # twice as wide as high
    _, cols = np.nonzero(blue(sheet))
    assert cols.max() - cols.min() == 2 * CELL + GAP - 1


def test_no_row_is_higher_than_its_pictures_need():
    wide = contact_sheet([[BLUE], [BLUE]], ["", ""], [""])
    rows, _ = np.nonzero(blue(wide))
    assert rows.max() - rows.min() == 2 * (CELL // 2) + GAP - 1
    with_a_portrait = contact_sheet([[BLUE], [BLUE.swapaxes(0, 1)]], ["", ""], [""])
    assert with_a_portrait.shape[0] == wide.shape[0] + 2 * (CELL - CELL // 2)
    assert blue(with_a_portrait).sum() == CELL * CELL  # each still whole


def test_labels_take_room_and_are_drawn():
    bare = contact_sheet([[BLUE]], [""], [""])
    labelled = contact_sheet([[BLUE]], ["style starry night"], ["style weight 100"])
    assert labelled.shape[0] > bare.shape[0] and labelled.shape[1] > bare.shape[1]
    assert blue(labelled).sum() == blue(bare).sum()
    left = labelled[:, : labelled.shape[1] - bare.shape[1]]
    assert (left < 100).any()


def test_a_text_stands_where_its_picture_would():
    empty, told = (contact_sheet([[text]], [""], [""]) for text in (None, "rows must be 16 " * 40))
    assert told.shape == empty.shape and (told != empty).any()
